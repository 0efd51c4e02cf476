using MfpClip.Weights;

namespace MfpClip.Backbones.Cnn;

/// <summary>
/// Reads convolutions with their batch norms folded in: <c>w gamma / sqrt(var + eps)</c>, <c>beta - mean gamma / sqrt(var + eps)</c>. A frozen
/// network keeps its statistics, so folding changes rounding only and saves a pass over every map.
/// </summary>
internal static class FoldedConvolutions
{
    /// <summary>What a batch norm has in a file.</summary>
    public static readonly IReadOnlyList<string> NormParts = ["weight", "bias", "running_mean", "running_var"];

    /// <param name="file">Opened file, its shapes checked.</param>
    /// <param name="convolutions">Name in the result, name of the kernel and prefix of the batch norm in the file.</param>
    /// <param name="epsilon">Of the batch norms.</param>
    /// <exception cref="WeightsException">Values are not finite.</exception>
    public static Dictionary<string, (Tensor Weight, Tensor Bias)> Read(
        IWeightFile file, IEnumerable<(string Name, string Kernel, string Norm)> convolutions, double epsilon)
    {
        var folded = new Dictionary<string, (Tensor Weight, Tensor Bias)>(StringComparer.Ordinal);
        try
        {
            foreach (var (name, kernel, norm) in convolutions)
            {
                folded[name] = Fold(file, kernel, norm, epsilon);
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

    private static (Tensor Weight, Tensor Bias) Fold(IWeightFile file, string kernel, string norm, double epsilon)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var scale = Read($"{norm}.weight") / (Read($"{norm}.running_var") + epsilon).sqrt();
        var weight = Read(kernel) * scale.view(-1, 1, 1, 1);
        var bias = Read($"{norm}.bias") - (Read($"{norm}.running_mean") * scale);
        return (weight.to_type(ScalarType.Float32).DetachFromDisposeScope(), bias.to_type(ScalarType.Float32).DetachFromDisposeScope());

        Tensor Read(string name) => file.ReadFinite(name).to_type(ScalarType.Float64);
    }
}
