using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>Kernels of a residual network with its batch norms folded in: <c>w gamma / sqrt(var + eps)</c>, <c>beta - mean gamma / sqrt(var + eps)</c>.</summary>
/// <remarks>Frozen networks keep their statistics, so folding changes rounding only and saves a pass over every map.</remarks>
internal static class ResNetWeights
{
    private const double BatchNormEps = 1e-5;
    private static readonly string[] NormParts = ["weight", "bias", "running_mean", "running_var"];

    /// <summary>Reads torchvision-format weights, strictly; the classifier <c>fc</c> and <c>num_batches_tracked</c> are passed over.</summary>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of another shape.</exception>
    /// <exception cref="WeightsException">Values are not finite.</exception>
    public static Dictionary<string, (Tensor Weight, Tensor Bias)> Read(ResNetArchitecture architecture, IWeightFile file)
    {
        Check(architecture, file);
        var folded = new Dictionary<string, (Tensor, Tensor)>(StringComparer.Ordinal);
        try
        {
            foreach (var c in ResNetLayout.Convolutions(architecture))
            {
                using var scope = torch.NewDisposeScope();
                using var guard = torch.no_grad();
                var norm = NormParts.ToDictionary(p => p, p => ReadFinite(file, $"{c.Norm}.{p}"));
                folded[c.Name] = Fold(
                    ReadFinite(file, $"{c.Name}.weight"), norm["weight"], norm["bias"], norm["running_mean"], norm["running_var"]);
            }
        }
        catch
        {
            foreach (var (weight, bias) in folded.Values)
            {
                weight.Dispose();
                bias.Dispose();
            }

            throw;
        }

        return folded;
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

    private static (Tensor Weight, Tensor Bias) Fold(Tensor w, Tensor gamma, Tensor beta, Tensor mean, Tensor variance)
    {
        var scale = gamma.to_type(ScalarType.Float64) / (variance.to_type(ScalarType.Float64) + BatchNormEps).sqrt();
        var weight = w.to_type(ScalarType.Float64) * scale.view(-1, 1, 1, 1);
        var bias = beta.to_type(ScalarType.Float64) - (mean.to_type(ScalarType.Float64) * scale);
        return (weight.to_type(ScalarType.Float32).DetachFromDisposeScope(), bias.to_type(ScalarType.Float32).DetachFromDisposeScope());
    }

    private static void Check(ResNetArchitecture architecture, IWeightFile file)
    {
        var shapes = new Dictionary<string, long[]>(StringComparer.Ordinal);
        foreach (var c in ResNetLayout.Convolutions(architecture))
        {
            shapes.Add($"{c.Name}.weight", c.Shape);
            foreach (var part in NormParts)
            {
                shapes.Add($"{c.Norm}.{part}", [c.Outputs]);
            }
        }

        var missing = shapes.Keys.Where(n => !file.Tensors.ContainsKey(n)).ToList();
        var unexpected = file.Tensors.Keys
            .Where(n => !shapes.ContainsKey(n) && n is not ("fc.weight" or "fc.bias") && !n.EndsWith(".num_batches_tracked", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToList();
        var wrong = shapes
            .Where(s => file.Tensors.TryGetValue(s.Key, out var info) && !info.Shape.SequenceEqual(s.Value))
            .Select(s => $"{s.Key} is [{string.Join(", ", file.Tensors[s.Key].Shape)}], {architecture} needs [{string.Join(", ", s.Value)}]")
            .ToList();
        if (missing.Count + unexpected.Count + wrong.Count > 0)
        {
            throw new WeightsMismatchException(file.Path, missing, unexpected, wrong);
        }
    }

    private static Tensor ReadFinite(IWeightFile file, string name)
    {
        var value = file.Read(name);
        return value.isfinite().all().item<bool>()
            ? value
            : throw new WeightsException(file.Path, $"tensor '{name}' holds values that are not finite (NaN or infinity). The file is damaged; fetch it again.");
    }
}
