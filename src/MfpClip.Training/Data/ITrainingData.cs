using MfpClip.Data;

namespace MfpClip.Training.Data;

/// <summary>Images to train on. Implementations load on demand and are safe for concurrent callers.</summary>
public interface ITrainingData
{
    /// <summary>Name for reports and manifests.</summary>
    string Name { get; }

    /// <summary>Number of images.</summary>
    int Count { get; }

    /// <summary>SHA-256 over what the images are (names, labels, settings), in hexadecimal: two sets that train alike have the same one.</summary>
    string Fingerprint { get; }

    /// <summary>The categories with hashes, for the protocol that refuses to test on what was trained on.</summary>
    IReadOnlyList<CategoryFingerprint> Auxiliary { get; }

    /// <summary>Class name of an image, as it goes into prompts. Cheap: nothing is decoded.</summary>
    string ClassNameOf(int index);

    /// <summary>Decodes one image.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="MfpClipException">The image or its mask cannot be read; names the file.</exception>
    TrainingSample Load(int index);
}

/// <summary>One decoded image with what is known about it.</summary>
public sealed record TrainingSample
{
    /// <summary>Name for messages.</summary>
    public required string Name { get; init; }

    /// <summary>Class name in the prompts.</summary>
    public required string ClassName { get; init; }

    /// <summary>Whether the image shows a defect.</summary>
    public required bool IsAnomalous { get; init; }

    /// <summary>Pixels.</summary>
    public required RgbImage Image { get; init; }

    /// <summary>True on the defect, row by row, as many as pixels; <see langword="null"/>: unknown on a defective image, all false on a normal one.</summary>
    public bool[]? Mask { get; init; }
}
