"""What is said of detectors and of the flags they raise."""
