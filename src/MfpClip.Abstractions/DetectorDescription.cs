namespace MfpClip;

/// <summary>The composed pipeline in the order in which an image passes through it.</summary>
public sealed record DetectorDescription
{
    /// <summary>Name of the method, for example "MFP-CLIP (arXiv 2503.12910 v1)".</summary>
    public required string Method { get; init; }

    /// <summary>Stages in order: preprocessing, backbone, CNN, prompts, map, score.</summary>
    public required IReadOnlyList<StageDescription> Stages { get; init; }

    /// <summary>"cpu" or "cuda:N".</summary>
    public required string Device { get; init; }

    /// <summary>Number format of the frozen towers.</summary>
    public required string Precision { get; init; }

    /// <summary>Side of the square model input in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Version of the library that composed it.</summary>
    public required string LibraryVersion { get; init; }

    /// <summary>One SHA-256 over the names and hashes of all weights, in lower-case hexadecimal.</summary>
    public required string WeightsHash { get; init; }
}

/// <summary>One stage of a composed detector.</summary>
public sealed record StageDescription
{
    /// <summary>What the stage does, for example "self prompt (SP)".</summary>
    public required string Stage { get; init; }

    /// <summary>Which component does it, for example "linear adapters" or "off".</summary>
    public required string Component { get; init; }

    /// <summary>Options by name, as text.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Weights of the stage; empty where it has none.</summary>
    public IReadOnlyList<WeightsDescription> Weights { get; init; } = [];
}

/// <summary>Where weights came from and what they are.</summary>
/// <param name="Source">File or catalogue name, or "random (seed N)".</param>
/// <param name="Sha256">Lower-case hexadecimal hash of the file, or of the tensors where there is no file.</param>
/// <param name="Parameters">Number of values.</param>
public sealed record WeightsDescription(string Source, string Sha256, long Parameters);
