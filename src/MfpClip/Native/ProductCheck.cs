namespace MfpClip.Native;

/// <summary>
/// Whether libtorch multiplies correctly on this processor: convolutions whose last block of output channels is not full, against the same sums in float64,
/// once a process. Wrong products give maps that look like maps.
/// </summary>
internal static class ProductCheck
{
    private const double Tolerance = 1e-4; // of sums of at most 480 products of magnitude 1 each, in float32

    // Sizes that were seen to go wrong (see OneDnnInstructions), and their neighbours.
    private static readonly (int Inputs, int Outputs, int Pixels)[] Sizes = [(96, 40, 300), (192, 112, 150), (384, 100, 64), (96, 1024, 300), (480, 112, 100)];

    private static readonly Lazy<string?> Found = new(Run);

    /// <summary>What is wrong, with what to do; <see langword="null"/> where nothing is.</summary>
    /// <exception cref="NativeBackendException">The native library does not load.</exception>
    public static string? Fault => NativeBackend.Guard(() => Found.Value);

    /// <exception cref="NativeBackendException">Products are wrong here, or the native library does not load.</exception>
    public static void Require()
    {
        if (Fault is { } fault)
        {
            throw new NativeBackendException(fault);
        }
    }

    private static string? Run()
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        foreach (var (inputs, outputs, pixels) in Sizes)
        {
            var weight = Wave(outputs * inputs, 0.37).view(outputs, inputs);
            var x = Wave(pixels * inputs, 0.73).view(pixels, inputs);
            var image = x.view(1, 1, pixels, inputs).permute(0, 3, 1, 2); // channels last
            var actual = F.conv2d(image, weight.view(outputs, inputs, 1, 1)).permute(0, 2, 3, 1).view(pixels, outputs);
#pragma warning disable RS0030 // shapes of its own
            var expected = torch.matmul(x.to(ScalarType.Float64), weight.to(ScalarType.Float64).t());
#pragma warning restore RS0030
            double worst = (actual.to(ScalarType.Float64) - expected).abs().max().item<double>();
            if (!(worst <= Tolerance * Math.Sqrt(inputs)))
            {
                string what = FormattableString.Invariant($"a convolution of {inputs} to {outputs} channels is off by {worst:g3}");
                return $"libtorch computes wrong products on this processor: {what}. Set the environment variable {OneDnnInstructions.Variable}=SSE41 "
                    + "before the program starts, or use a GPU; please report the processor.";
            }
        }

        return null;
    }

    private static Tensor Wave(long count, double step) => torch.arange(count, dtype: ScalarType.Float32).mul_(step).sin_();
}
