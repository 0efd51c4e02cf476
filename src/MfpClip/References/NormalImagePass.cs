using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.References;

/// <summary>A method that judges by normal images alone. Without them its pass runs nothing: it says what is missing.</summary>
internal abstract class NormalImagePass : IDetectionPass, IReferenceScheme
{
    // Tokens of all references take this much memory at most unless the user says otherwise, twice that while they are read, and once more in the model:
    // with samples and maps less than 1 GB for 10,000 images.
    private const long MaximumBytes = 192L << 20;

    public abstract string Method { get; }

    public abstract IReadOnlyList<StageDescription> Stages { get; }

    public abstract Device Device { get; }

    public abstract ScalarType Precision { get; }

    /// <inheritdoc/>
    public abstract string Id { get; }

    public bool NeedsReferences => true;

    /// <inheritdoc cref="IReferenceScheme.TestedBatch"/>
    public virtual NormalImagePass? TestedBatch => null;

    IReferenceScheme? IReferenceScheme.TestedBatch => TestedBatch;

    /// <inheritdoc/>
    public virtual bool IsBatch => false;

    /// <summary>Width D of a token.</summary>
    protected abstract int TokenWidth { get; }

    /// <summary>The width of a Gaussian over the map at the image's size, in its pixels; 0: none.</summary>
    public virtual double ImageSigma => 0;

    /// <summary>Whether the map is stretched over the whole image, also over what preprocessing cut off, as released code does.</summary>
    public virtual bool CutsNothing => false;

    public string Name(string method) => method;

    /// <inheritdoc/>
    public ReferenceOptions Resolve(ReferenceOptions? given)
    {
        var none = new ReferenceOptions();
        var options = given ?? none;
        var free = none with
        {
            MaximumTokens = options.MaximumTokens, ClassName = options.ClassName, Seed = options.Seed, Join = options.Join,
        };
        if (ReferenceFileFormat.Text(options) != ReferenceFileFormat.Text(free))
        {
            throw new DetectorConfigurationException(
                [$"{Method} decides itself what it stores of references: of the reference options it reads MaximumTokens and Seed. Leave weight, features, "
                    + "stages, neighbourhood, coreset ratio and top cells out; the method has options of its own."]);
        }

        return options with
        {
            CoresetRatio = 1, Neighbourhood = 1, Weight = 1, Join = ReferenceJoin.Fixed,
            MaximumTokens = options.MaximumTokens == none.MaximumTokens
                ? (int)Math.Clamp(MaximumBytes / (4L * TokenWidth), none.MaximumTokens, int.MaxValue / 4) : options.MaximumTokens,
        };
    }

    public virtual void Bound(List<ReferenceEntry> entries, int known, ReferenceOptions options) => ReferenceEntry.Bound(entries, known, options);

    public abstract INormalModel Learn(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device);

    public virtual ReferenceScale Measure(
        IReadOnlyList<ReferenceEntry> entries, IReadOnlyList<float[]> distances, ReferenceOptions options, INormalModel model) =>
        ReferenceScale.Measure(distances, [[0.5f]], [0.5f], options.TopCells) with { Noise = model.Noise };

    public abstract ReferenceEntry Read(string id, string name, RgbImage image, InputSettings input, ReferenceOptions options, ForwardContext context);

    /// <summary>Map and score as distances, before they are scaled.</summary>
    /// <param name="bank">The references.</param>
    /// <param name="images">The images, as the method takes them.</param>
    /// <param name="region">Where to look, <c>[B, H, W]</c>.</param>
    /// <param name="context">What it runs under.</param>
    /// <param name="leftOut">For each image the reference that it is not compared with; <see langword="null"/>: none.</param>
    public abstract (Tensor Map, Tensor Score) Distances(
        MemoryBank bank, ImageBatch images, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut);

    public (Tensor Map, Tensor Score) Run(
        MemoryBank bank, ImageBatch images, string className, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var (map, score) = Distances(bank, images, region, context, leftOut);
        return (map.MoveToOuterDisposeScope(), bank.Scale.Scores(score.to_type(ScalarType.Float32)).MoveToOuterDisposeScope());
    }

    public (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context) => throw new ReferenceException(null,
        $"{Method} compares with normal images, and this detector has none. Give them with WithReferences or WithReferenceFile (--references on the command "
            + $"line){(TestedBatch is null ? string.Empty : ", or compare the tested images with one another: WithTestedBatch (--batched)")}.");

    public virtual object? GetService(Type serviceType)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceType.IsInstanceOfType(this) ? this : null;
    }

    public abstract void Dispose();

    /// <summary>Distances outside a region become 0. A cell counts where any of its pixels lies inside.</summary>
    /// <param name="distances"><c>[B, h, w]</c>.</param>
    /// <param name="region"><c>[B, H, W]</c>; <see langword="null"/>: everything counts.</param>
    protected static Tensor Inside(Tensor distances, Tensor? region) => region is null ? distances
        : distances * F.adaptive_max_pool2d(region.to(distances.device).unsqueeze(1), [distances.shape[1], distances.shape[2]]).squeeze(1);

    /// <summary>Tokens of images that are stored whole, <c>[B, P, D]</c> row by row, so that no network runs for them.</summary>
    /// <returns><see langword="null"/> where some image is not, or not all of its tokens are.</returns>
    protected static Tensor? Stored(IReadOnlyList<ReferenceEntry?>? entries)
    {
        if (entries is null || entries.Any(e => e is null || e.Cells.Length != e.Rows * e.Columns))
        {
            return null;
        }

        using var scope = torch.NewDisposeScope();
        return torch.stack([.. entries.Select(e => torch.empty_like(e!.Tokens)
            .index_copy_(0, torch.tensor(e.Cells.Select(c => (long)c).ToArray()), e.Tokens))], 0).MoveToOuterDisposeScope();
    }

    /// <summary>The image alone as a batch of one, prepared.</summary>
    protected static ImageBatch Batch(RgbImage image, InputSettings input) => ImageBatch.FromImages([input.Preprocessor.Prepare(image).Pixels]);
}
