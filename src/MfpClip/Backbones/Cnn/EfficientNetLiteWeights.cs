using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>Kernels of EfficientNet-Lite0 with their batch norms folded in.</summary>
/// <remarks>A frozen network keeps its statistics, so folding changes rounding only and saves a pass over every map.</remarks>
internal static class EfficientNetLiteWeights
{
    private const double BatchNormEps = 1e-3;
    private static readonly string[] NormParts = ["weight", "bias", "running_mean", "running_var"];

    /// <summary>Names and shapes of every tensor that the given part of the network has in a file.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Tensors(int blocks, bool head) =>
        EfficientNetLiteLayout.Convolutions(blocks, head).SelectMany(c => NormParts
            .Select(p => ($"{c.Name}.bn.{p}", new long[] { c.Outputs })).Prepend(($"{c.Name}.conv.weight", c.Shape)));

    /// <summary>Refuses a file that is not the whole network; the classifier may be absent.</summary>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of another shape.</exception>
    public static void Check(IWeightFile file)
    {
        var shapes = Tensors(EfficientNetLiteLayout.Blocks.Count, head: true).ToDictionary(t => t.Name, t => t.Shape, StringComparer.Ordinal);
        var missing = shapes.Keys.Where(n => !file.Tensors.ContainsKey(n)).ToList();
        var unexpected = file.Tensors.Keys.Where(n => !shapes.ContainsKey(n) && n is not ("classifier.weight" or "classifier.bias")
            && !n.EndsWith(".num_batches_tracked", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        var wrong = shapes
            .Where(s => file.Tensors.TryGetValue(s.Key, out var info) && !info.Shape.SequenceEqual(s.Value))
            .Select(s => $"{s.Key} is [{string.Join(", ", file.Tensors[s.Key].Shape)}], EfficientNet-Lite0 needs [{string.Join(", ", s.Value)}]")
            .ToList();
        if (missing.Count + unexpected.Count + wrong.Count > 0)
        {
            throw new WeightsMismatchException(file.Path, missing, unexpected, wrong);
        }
    }

    /// <summary>Reads and folds: <c>w gamma / sqrt(var + eps)</c>, <c>beta - mean gamma / sqrt(var + eps)</c>. The file was checked.</summary>
    /// <param name="file">Opened file.</param>
    /// <param name="prefix">What stands before every name, for files that hold more than this network.</param>
    /// <param name="blocks">Number of blocks wanted.</param>
    /// <param name="head">Whether the last convolution is wanted.</param>
    /// <exception cref="WeightsException">Values are not finite.</exception>
    public static Dictionary<string, (Tensor Weight, Tensor Bias)> Read(IWeightFile file, string prefix, int blocks, bool head)
    {
        var folded = new Dictionary<string, (Tensor Weight, Tensor Bias)>(StringComparer.Ordinal);
        try
        {
            foreach (var c in EfficientNetLiteLayout.Convolutions(blocks, head))
            {
                using var scope = torch.NewDisposeScope();
                using var guard = torch.no_grad();
                Tensor Part(string p) => ReadFinite(file, $"{prefix}{c.Name}.bn.{p}").to_type(ScalarType.Float64);
                var scale = Part("weight") / (Part("running_var") + BatchNormEps).sqrt();
                var weight = ReadFinite(file, $"{prefix}{c.Name}.conv.weight").to_type(ScalarType.Float64) * scale.view(-1, 1, 1, 1);
                var bias = Part("bias") - (Part("running_mean") * scale);
                folded[c.Name] = (weight.to_type(ScalarType.Float32).DetachFromDisposeScope(), bias.to_type(ScalarType.Float32).DetachFromDisposeScope());
            }

            return folded;
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
    }

    /// <summary>The same tensors with random values under their file names: He-normal kernels, neutral batch norms. For tests and dry runs.</summary>
    public static IEnumerable<KeyValuePair<string, Tensor>> Random(int blocks, bool head, long seed)
    {
        var start = new ParameterInitializer(seed);
        foreach (var c in EfficientNetLiteLayout.Convolutions(blocks, head))
        {
            double fan = (double)(c.Depthwise ? 1 : c.Inputs) * c.Kernel * c.Kernel;
            yield return new($"{c.Name}.conv.weight", start.Normal($"cnn.{c.Name}", Math.Sqrt((c.Activated ? 2.0 : 1.0) / fan), c.Shape));
            foreach (string part in NormParts)
            {
                yield return new($"{c.Name}.bn.{part}", part is "weight" or "running_var" ? torch.ones(c.Outputs) : torch.zeros(c.Outputs));
            }
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
