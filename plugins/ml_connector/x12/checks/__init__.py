"""The parts of the checker: values, segments, order, totals, envelope."""
