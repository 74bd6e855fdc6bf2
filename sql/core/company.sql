-- One row per company, with its ledger currency.
select * from staging.company
