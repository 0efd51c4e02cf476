using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.References;

/// <summary>
/// A zero-shot method with a method beside it that judges by normal images, each with its own network and input: their maps and scores are joined once there
/// are references. Owns both passes.
/// </summary>
/// <remarks>The join is this library's own addition, see docs/references.md.</remarks>
internal sealed class BesidePass : DelegatingDetectionPass
{
    private readonly NormalImagePass _beside;
    private readonly BesideScheme _scheme;

    /// <param name="inner">The zero-shot method.</param>
    /// <param name="beside">The other one.</param>
    /// <param name="input">How images become the other one's input.</param>
    public BesidePass(IDetectionPass inner, NormalImagePass beside, InputSettings input)
        : base(inner)
    {
        (_beside, _scheme) = (beside, new(inner, beside, input));
        Stages =
        [
            .. Inner.Stages, .. beside.Stages.Prepend(input.Preprocessor.Describe() with { Id = "preprocessing" }).Select(s => s with
            {
                Id = $"joined_{s.Id}", Stage = $"joined: {s.Stage}",
            }),
        ];
    }

    public override IReadOnlyList<StageDescription> Stages { get; }

    public override (Tensor Map, Tensor Score) Run(ImageBatch images, string className, Tensor? region, ForwardContext context) =>
        throw new ReferenceException(null, $"{Inner.Method} is joined with {_beside.Method}, which compares with normal images, and this detector has none. "
            + "Give them with WithReferences or WithReferenceFile (--references on the command line), or do not join.");

    public override object? GetService(Type serviceType) => serviceType == typeof(IReferenceScheme) ? _scheme : base.GetService(serviceType);

    public override void Dispose()
    {
        Inner.Dispose();
        _beside.Dispose();
    }
}
