using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.References;

/// <summary>A method's pass with normal images beside it. Owns the memory bank and a share of the inner pass.</summary>
internal sealed class ReferencedPass : DelegatingDetectionPass, IStoredImages, IMapReading
{
    private readonly SharedPass _shared;
    private readonly MemoryBank _bank;
    private readonly IReferenceScheme _scheme;

    /// <param name="shared">A share that becomes this pass's own.</param>
    /// <param name="bank">Becomes this pass's own.</param>
    public ReferencedPass(SharedPass shared, MemoryBank bank)
        : base(shared.Pass)
    {
        (_shared, _scheme, _bank) = (shared, bank.Scheme.IsBatch ? bank.Scheme : SchemeOf(Inner), bank);
        Stages = [.. Inner.Stages, bank.Describe()];
    }

    public SharedPass Shared => _shared;

    public MemoryBank Bank => _bank;

    /// <summary>Whether images are compared with the others of a tested batch, each left out of its own comparison.</summary>
    public bool IsBatch => _scheme.IsBatch;

    /// <summary>Whether its map is of distances still, which <see cref="ToImage"/> scales.</summary>
    public bool GivesDistances => _scheme is NormalImagePass;

    /// <summary>Whether its map is stretched over the whole image, also where the model saw less.</summary>
    public bool CoversWholeImage => _scheme is NormalImagePass { CutsNothing: true };

    public override string Method => _scheme.Name(Inner.Method);

    public override IReadOnlyList<StageDescription> Stages { get; }

    public override double MapMaximum => 1;

    /// <summary>How a pass reads references: in its own way where it has one.</summary>
    public static IReferenceScheme SchemeOf(IDetectionPass pass) => pass.GetService<IReferenceScheme>() ?? new JoinedScheme(pass);

    public override (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context) =>
        Run(images, className, region, context, null);

    /// <summary>The same for images some of which are references: those are compared with the others only.</summary>
    /// <param name="images">The images.</param>
    /// <param name="className">Class name in the prompts.</param>
    /// <param name="region">Where to look.</param>
    /// <param name="context">What it runs under.</param>
    /// <param name="leftOut">For each image the reference that is left out; <see langword="null"/>: none.</param>
    public (Tensor Map, Tensor Score) Run(
        ImageBatch images, string className, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut) =>
        _scheme.Run(_bank, images, className, region, context, leftOut);

    /// <inheritdoc/>
    public AnomalyMap ToImage(AnomalyMap map, int width, int height, CoveredArea covered)
    {
        if (_scheme is not NormalImagePass distances)
        {
            return MapResize.ToImage(map, width, height, covered);
        }

        // Smoothed as distances, as the methods do; then scaled.
        var whole = GaussianSmoothing.Smooth(
            MapResize.ToImage(map, width, height, distances.CutsNothing ? new(0, 0, width, height) : covered), distances.ImageSigma);
        return new(width, height, [.. whole.Data.Select(_bank.Scale.Value)]);
    }

    /// <inheritdoc/>
    public AnomalyMap ToModel(AnomalyMap map) =>
        _scheme is NormalImagePass ? new(map.Width, map.Height, [.. map.Data.Select(_bank.Scale.Value)]) : map;

    /// <inheritdoc/>
    public string? NameOf(string id) => _bank.Find(id)?.Name ?? Inner.GetService<IStoredImages>()?.NameOf(id);

    public override void Dispose()
    {
        _bank.Dispose();
        _shared.Release();
    }
}
