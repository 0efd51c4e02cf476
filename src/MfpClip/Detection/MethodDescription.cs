namespace MfpClip.Detection;

/// <summary>What a method is, for lists, configuration and tables.</summary>
/// <param name="Id">Stable id: lower case, digits and hyphens, for example "mfp-clip".</param>
/// <param name="Name">Name as its paper writes it.</param>
/// <param name="Paper">Where it is published, for example "arXiv 2503.12910 v1"; empty where it is not.</param>
public sealed record MethodDescription(string Id, string Name, string Paper = "")
{
    /// <summary>What distinguishes it, in one line.</summary>
    public string Summary { get; init; } = string.Empty;

    /// <summary>Whether it is trained on auxiliary data.</summary>
    public bool IsTrained { get; init; }

    /// <summary>Whether it reads a CNN beside CLIP.</summary>
    public bool ReadsCnn { get; init; }

    /// <summary>Whether its forward pass is the pipeline of modules; <see langword="false"/>: it makes a pass of its own.</summary>
    public bool RunsPipeline { get; init; } = true;

    /// <summary>Name with paper, for example "MFP-CLIP (arXiv 2503.12910 v1)".</summary>
    public string FullName => Paper.Length == 0 ? Name : $"{Name} ({Paper})";
}
