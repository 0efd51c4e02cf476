namespace MfpClip.Training;

/// <summary>What one forward pass of training gives.</summary>
/// <param name="Total">What is minimised, a scalar with its graph; belongs to the caller's dispose scope.</param>
/// <param name="Terms">The named terms that it is made of, weighted as in the total, for curves and logs.</param>
public sealed record TrainingLoss(Tensor Total, IReadOnlyList<KeyValuePair<string, double>> Terms);
