"""Whether what a run says is still so: its folder, its inputs, its findings, its report and its signatures."""
