using MfpClip.Backbones.Clip;
using MfpClip.Kernels;

namespace MfpClip.Detection.Building;

/// <summary>What the composition asks of a backbone that it loads: the caller's device and format, and what a method's preset prescribes.</summary>
/// <param name="Device">"cpu", "cuda" or "cuda:N".</param>
/// <param name="Precision">Number format of the towers.</param>
/// <param name="Interpolation">How the position table is resized; <see langword="null"/>: as the backbone's options say.</param>
/// <param name="RunWith">The activation to run with; <see langword="null"/>: the one it was trained with.</param>
internal sealed record BackboneDemands(string Device, ScalarType Precision, PositionInterpolation? Interpolation, Func<ClipConfig, MlpActivation>? RunWith)
{
    public ClipBackboneOptions Apply(ClipBackboneOptions? options)
    {
        options ??= new();
        return options with { Device = Device, Precision = Precision, Interpolation = Interpolation ?? options.Interpolation, RunWith = RunWith };
    }
}
