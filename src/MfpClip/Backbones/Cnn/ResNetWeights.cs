using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>Kernels of a residual network with its batch norms folded in.</summary>
internal static class ResNetWeights
{
    private const double BatchNormEps = 1e-5;

    /// <summary>Reads torchvision-format weights, strictly; the classifier <c>fc</c> and <c>num_batches_tracked</c> are ignored.</summary>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of another shape.</exception>
    /// <exception cref="WeightsException">Values are not finite, or the file holds another published network than the one asked for.</exception>
    public static (ResNetLayout Layout, Dictionary<string, (Tensor Weight, Tensor Bias)> Weights) Read(ResNetArchitecture architecture, IWeightFile file)
    {
        var found = architecture == ResNetArchitecture.FromFile || ResNetLayout.IsIn(file) ? ResNetLayout.Read(file) : null;
        if (found?.Named is { } other && architecture != ResNetArchitecture.FromFile && other != architecture)
        {
            throw new WeightsException(file.Path, $"it holds a {ResNetLayout.NameOf(other)}, but {ResNetLayout.NameOf(architecture)} was asked for: set "
                + $"{nameof(ResNetOptions)}.{nameof(ResNetOptions.Architecture)} to {other} or {nameof(ResNetArchitecture.FromFile)}.");
        }

        var layout = architecture == ResNetArchitecture.FromFile ? found! : ResNetLayout.Of(architecture);
        var needed = layout.Convolutions.SelectMany(c => FoldedConvolutions.NormParts
            .Select(p => ($"{c.Norm}.{p}", new long[] { c.Outputs })).Prepend(($"{c.Name}.weight", c.Shape)));
        ShapeCheck.Require(file, needed, layout.Name, foreign: n =>
            n is "fc.weight" or "fc.bias" || n.EndsWith(".num_batches_tracked", StringComparison.Ordinal));
        return (layout, FoldedConvolutions.Read(file, layout.Convolutions.Select(c => (c.Name, $"{c.Name}.weight", c.Norm)), BatchNormEps));
    }

    /// <summary>He-normal kernels and neutral batch norms.</summary>
    public static Dictionary<string, (Tensor Weight, Tensor Bias)> Random(ResNetLayout layout, long seed)
    {
        var start = new ParameterInitializer(seed);
        var all = new Dictionary<string, (Tensor, Tensor)>(StringComparer.Ordinal);
        foreach (var c in layout.Convolutions)
        {
            var deviation = Math.Sqrt(2.0 / (c.Outputs * c.Kernel * c.Kernel));
            all[c.Name] = (
                start.Normal($"cnn.{c.Name}", deviation, c.Shape).DetachFromDisposeScope(),
                torch.zeros(c.Outputs, dtype: ScalarType.Float32).DetachFromDisposeScope());
        }

        return all;
    }
}
