using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MfpClip.Kernels;

/// <summary>
/// Chooses kernels by running them: for each kind of layer, precision and size, once in a process: while a detector is
/// built, or on the first input of a kind that was not foreseen there. No list of processors; what is fastest here and now serves.
/// </summary>
internal static class KernelMeasurement
{
    // Replacing libtorch's operator must pay: differences below this are noise.
    private const double MinimumSpeedup = 0.97;
    private const int Runs = 3;
    private const double Hopeless = 3, Short = 5; // times the best; milliseconds, which other work on the machine may disturb
    private static readonly ConcurrentDictionary<Work, Lazy<Choice>> Made = new();

    /// <summary>Kernels chosen by measurement; for use without gradients.</summary>
    public static TransformerKernels Measured { get; } = new(ChooseLinear, ChooseAttention, ChooseActivation, Differentiable: false);

    /// <summary>Every choice of this process so far.</summary>
    public static IReadOnlyDictionary<Work, Choice> Choices =>
        Made.Where(m => m.Value.IsValueCreated).ToDictionary(m => m.Key, m => m.Value.Value);

    private static ILinearKernel ChooseLinear(Tensor input, LinearLayer layer)
    {
        ILinearKernel[] all = [TorchLinear.Instance, ConvolutionLinear.Instance, PackedLinear.Instance, PanelLinear.Instance];
        if (layer.Kept is { } kept && kept.Serves(input))
        {
            return kept;
        }

        if (layer.Weight.requires_grad)
        {
            return TorchLinear.Instance; // in training: no kernel may keep a copy of the weight
        }

        LinearLayer? probe = null; // a weight packed for a kernel that is not chosen after all is given back
        return Choose(
            new("linear", input.dtype, Size(input), layer.Inputs, layer.Outputs, input.device.type),
            all, k => k.Serves(input), k => k.Apply(input, probe ??= new(layer.Weight, layer.Bias)), k => k.Name, () => probe?.Dispose());
    }

    private static IAttentionKernel ChooseAttention(Tensor qkv, int heads, bool causal) => Choose(
        new(causal ? "causal attention" : "attention", qkv.dtype, Size(qkv), qkv.shape[2] / 3, heads, qkv.device.type),
        (IAttentionKernel[])[TorchAttention.Instance, BlockedAttention.Instance, BFloat16Attention.Instance],
        k => k.Serves(qkv, heads), k => k.Attend(qkv, heads, causal), k => k.Name);

    private static IActivationKernel ChooseActivation(Tensor hidden, MlpActivation activation)
    {
        Tensor? copy = null; // kernels may write over their input; a measurement must not
        return Choose(
            new(activation.ToString(), hidden.dtype, Size(hidden), hidden.shape[^1], 0, hidden.device.type),
            (IActivationKernel[])[TorchActivation.Instance, InPlaceQuickGelu.Instance],
            k => k.Serves(hidden, activation), k => k.Apply(copy ??= hidden.clone().DetachFromDisposeScope(), activation), k => k.Name, () => copy?.Dispose());
    }

    private static T Choose<T>(Work work, T[] candidates, Func<T, bool> serves, Func<T, Tensor> run, Func<T, string> name, Action? clean = null)
        where T : class
    {
        var choice = Made.GetOrAdd(work, _ => new Lazy<Choice>(() => Measure([.. candidates.Where(serves)], run, name, clean)));
        var kernel = (T)choice.Value.Kernel;
        return serves(kernel) ? kernel : candidates[0];
    }

    private static Choice Measure<T>(IReadOnlyList<T> candidates, Func<T, Tensor> run, Func<T, string> name, Action? clean)
        where T : class
    {
        var times = new Dictionary<string, double>(StringComparer.Ordinal);
        T best = candidates[0];
        double least = double.MaxValue;
        foreach (var candidate in candidates)
        {
            if (candidates.Count == 1 || Time(() => run(candidate), least) is not { } time)
            {
                continue;
            }

            times.Add(name(candidate), time);
            if (time < least * (ReferenceEquals(candidate, candidates[0]) ? 1 : MinimumSpeedup))
            {
                (best, least) = (candidate, time);
            }
        }

        clean?.Invoke();
        return new(best, name(best), times);
    }

    /// <summary>The best of some runs in milliseconds; null if it cannot run.</summary>
    /// <param name="run">Runs it once.</param>
    /// <param name="least">The best of the others: what is long, and takes three times that in its second run, is not run again.</param>
    private static double? Time(Func<Tensor> run, double least)
    {
        double best = double.MaxValue;
        try
        {
            for (int i = 0; i <= Runs && (i < 2 || best < Hopeless * least || best < Short); i++)
            {
                using var scope = torch.NewDisposeScope();
                long start = Stopwatch.GetTimestamp();
                run();
                double time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                best = i > 0 ? Math.Min(best, time) : best; // the first run compiles and packs
            }

            return best;
        }
        catch (ExternalException)
        {
            return null;
        }
    }

    // Sizes within a power of two share a choice.
    private static int Size(Tensor input) => (int)Math.Log2(Math.Max(1, input.numel() / input.shape[^1]));

    /// <summary>What was measured.</summary>
    /// <param name="Kind">Kind of layer.</param>
    /// <param name="Precision">Precision (dtype).</param>
    /// <param name="LogRows">Logarithm of the number of tokens to base 2, rounded down.</param>
    /// <param name="Inputs">Width of the input.</param>
    /// <param name="Outputs">Width of the output, or heads.</param>
    /// <param name="Device">Where.</param>
    internal sealed record Work(string Kind, ScalarType Precision, int LogRows, long Inputs, long Outputs, DeviceType Device);

    /// <summary>Which kernel serves, and the times in milliseconds it was chosen by.</summary>
    internal sealed record Choice(object Kernel, string Name, IReadOnlyDictionary<string, double> Milliseconds);
}
