"""The experiments of the paper's Section 5 and Appendix A on any model, each figure beside its law."""
