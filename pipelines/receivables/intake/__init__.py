"""Reading ERP exports: bytes to lines, lines to records, records to typed rows, rows to the canonical tables."""
