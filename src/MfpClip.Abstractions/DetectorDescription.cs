namespace MfpClip;

/// <summary>The composed pipeline in the order in which an image passes through it.</summary>
public sealed record DetectorDescription
{
    /// <summary>Name of the method, for example "MFP-CLIP (arXiv 2503.12910 v1)".</summary>
    public required string Method { get; init; }

    /// <summary>Stable name of the method, for configuration and files: for example "mfp-clip"; empty where a detector has none.</summary>
    public string MethodId { get; init; } = string.Empty;

    /// <summary>Stages in order: preprocessing, backbone, CNN, prompts, map, score.</summary>
    public required IReadOnlyList<StageDescription> Stages { get; init; }

    /// <summary>"cpu" or "cuda:N".</summary>
    public required string Device { get; init; }

    /// <summary>Precision of the frozen towers.</summary>
    public required string Precision { get; init; }

    /// <summary>Side of the square model input in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Version of the library that composed it.</summary>
    public required string LibraryVersion { get; init; }

    /// <summary>One SHA-256 over the ids of the stages and the hashes of their weights, in lower-case hexadecimal.</summary>
    public required string WeightsHash { get; init; }

    /// <summary>
    /// SHA-256 over what is composed: method, implementations and settings of the parts, image size, precision. Neither weights nor texts for
    /// people count. Empty where a detector does not offer one.
    /// </summary>
    public string CompositionHash { get; init; } = string.Empty;

    /// <summary>Whether the map shows the whole image; a preprocessor that crops leaves parts out.</summary>
    public bool CoversWholeImage { get; init; } = true;

    /// <summary>Highest value that a map can have, and a score that is taken from it; the lowest is 0.</summary>
    public double MapMaximum { get; init; } = 1;

    /// <summary>The recipe as JSON, from which the detector can be built again; <see langword="null"/> where a detector does not offer one.</summary>
    public string? Recipe { get; init; }

    /// <summary>Whether a hash in a file stands for this detector's weights; hashes written by version 0.1 count too.</summary>
    /// <param name="hash">Lower-case hexadecimal.</param>
    public bool HasWeights(string hash) => hash == WeightsHash || hash == WeightsHashOfVersion01.Of(Stages);
}

/// <summary>One stage of a composed detector.</summary>
public sealed record StageDescription
{
    /// <summary>Stable id of the part within a detector, for example "self_prompt"; what hashes and files use.</summary>
    public string Id { get; init; } = string.Empty;

    /// <summary>Stable name of the class of parts, for example "mask-prompt"; a user's own part may name itself, else its type does.</summary>
    public string Implementation { get; init; } = string.Empty;

    /// <summary>Settings as a JSON object.</summary>
    public string Settings { get; init; } = "{}";

    /// <summary>What the stage does, in words for people, for example "self prompt (SP)".</summary>
    public required string Stage { get; init; }

    /// <summary>Which component does it, in words for people, for example "linear adapters" or "off".</summary>
    public required string Component { get; init; }

    /// <summary>Options by name, as text for people.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// What of the stage moves scores, by name, where implementation, settings and weights say it badly; <see langword="null"/>: those. See
    /// <see cref="ScoreIdentity"/>.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Identity { get; init; }

    /// <summary>Weights of the stage; empty where it has none.</summary>
    public IReadOnlyList<WeightsDescription> Weights { get; init; } = [];
}

/// <summary>Where weights came from and what they are.</summary>
/// <param name="Source">File or catalogue name, or "random (seed N)".</param>
/// <param name="Sha256">Lower-case hexadecimal hash of the file, or of the tensors where there is no file.</param>
/// <param name="Parameters">Number of values.</param>
public sealed record WeightsDescription(string Source, string Sha256, long Parameters);
