using MfpClip.Execution;
using MfpClip.Imaging;

namespace MfpClip.References;

/// <summary>
/// How a method learns from normal images: what it stores of each, and how the distances to them become a map and a score. A pass that has a way of its own
/// offers it through <c>GetService</c>; for every other one <see cref="JoinedScheme"/> joins a memory bank with its map.
/// </summary>
internal interface IReferenceScheme
{
    /// <summary>Whether the method judges by references alone and can detect nothing without them.</summary>
    bool NeedsReferences { get; }

    /// <summary>How the method judges images by the tested batch that they belong to, without references; <see langword="null"/>: it cannot.</summary>
    IReferenceScheme? TestedBatch => null;

    /// <summary>Whether what it stores is the tested batch itself, defects among it.</summary>
    bool IsBatch => false;

    /// <summary>What it stores, and how: references of one are not read by another.</summary>
    string Id { get; }

    /// <summary>Name of the method with references, from its name without.</summary>
    string Name(string method);

    /// <summary>The options that references are stored with: what the method itself decides stands in for what the user left open.</summary>
    /// <exception cref="DetectorConfigurationException">An option was given that the method does not read.</exception>
    ReferenceOptions Resolve(ReferenceOptions? given);

    /// <summary>What is stored of one normal image, as it was decoded. The entry is the caller's.</summary>
    ReferenceEntry Read(string id, string name, RgbImage image, InputSettings input, ReferenceOptions options, ForwardContext context);

    /// <summary>Holds what is stored of many images in bounds, while they are read.</summary>
    /// <param name="entries">Those read so far; replaced and disposed where they are made smaller.</param>
    /// <param name="known">How many there are besides.</param>
    /// <param name="options">Their options.</param>
    void Bound(List<ReferenceEntry> entries, int known, ReferenceOptions options) => ReferenceEntry.Bound(entries, known, options);

    /// <summary>Makes the model of normal cells. Entries stay the caller's and outlive it.</summary>
    INormalModel Learn(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device);

    /// <summary>What is usual on the references, each compared with the others.</summary>
    ReferenceScale Measure(IReadOnlyList<ReferenceEntry> entries, IReadOnlyList<float[]> distances, ReferenceOptions options, INormalModel model);

    /// <summary>The forward pass beside the references.</summary>
    /// <param name="bank">The references.</param>
    /// <param name="images">The images.</param>
    /// <param name="className">Class name in the prompts.</param>
    /// <param name="region">Where to look, <c>[B, H, W]</c>.</param>
    /// <param name="context">What it runs under.</param>
    /// <param name="leftOut">For each image the reference that it is not compared with; <see langword="null"/>: none.</param>
    /// <returns>Map <c>[B, H, W]</c> and score <c>[B]</c>, 0 to 1, in the caller's scope.</returns>
    (Tensor Map, Tensor Score) Run(
        MemoryBank bank, ImageBatch images, string className, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut);
}
