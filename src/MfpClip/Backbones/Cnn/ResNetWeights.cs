using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>Kernels of a residual network with its batch norms folded in.</summary>
internal static class ResNetWeights
{
    private const double BatchNormEps = 1e-5;

    /// <summary>Reads torchvision-format weights, strictly; the classifier <c>fc</c> and <c>num_batches_tracked</c> are ignored.</summary>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of another shape.</exception>
    /// <exception cref="WeightsException">Values are not finite.</exception>
    public static Dictionary<string, (Tensor Weight, Tensor Bias)> Read(ResNetArchitecture architecture, IWeightFile file)
    {
        Check(architecture, file);
        return FoldedConvolutions.Read(
            file, ResNetLayout.Convolutions(architecture).Select(c => (c.Name, $"{c.Name}.weight", c.Norm)), BatchNormEps);
    }

    /// <summary>He-normal kernels and neutral batch norms.</summary>
    public static Dictionary<string, (Tensor Weight, Tensor Bias)> Random(ResNetArchitecture architecture, long seed)
    {
        var start = new ParameterInitializer(seed);
        var all = new Dictionary<string, (Tensor, Tensor)>(StringComparer.Ordinal);
        foreach (var c in ResNetLayout.Convolutions(architecture))
        {
            var deviation = Math.Sqrt(2.0 / (c.Outputs * c.Kernel * c.Kernel));
            all[c.Name] = (
                start.Normal($"cnn.{c.Name}", deviation, c.Shape).DetachFromDisposeScope(),
                torch.zeros(c.Outputs, dtype: ScalarType.Float32).DetachFromDisposeScope());
        }

        return all;
    }

    private static void Check(ResNetArchitecture architecture, IWeightFile file)
    {
        var needed = ResNetLayout.Convolutions(architecture).SelectMany(c => FoldedConvolutions.NormParts
            .Select(p => ($"{c.Norm}.{p}", new long[] { c.Outputs })).Prepend(($"{c.Name}.weight", c.Shape)));
        ShapeCheck.Require(file, needed, architecture.ToString(), foreign: n =>
            n is "fc.weight" or "fc.bias" || n.EndsWith(".num_batches_tracked", StringComparison.Ordinal));
    }
}
