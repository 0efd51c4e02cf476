namespace MfpClip.Evaluation;

/// <summary>One of several detectors that are tested together on the same images.</summary>
/// <param name="Name">What people read, for example "2 reference images and the model".</param>
/// <param name="Build">Builds the detector of a category; what it gives is disposed after the category.</param>
public sealed record EvaluationLine(string Name, CategoryDetector Build)
{
    /// <summary>Normal training images, the first by name, that it may read.</summary>
    /// <value>Default 0: zero-shot.</value>
    public int Shots { get; init; }

    /// <summary>Seed of its training.</summary>
    public long Seed { get; init; }
}
