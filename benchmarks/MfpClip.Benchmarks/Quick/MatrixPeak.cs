using System.Diagnostics;
using MfpClip.Kernels;

namespace MfpClip.Benchmarks.Quick;

/// <summary>The fastest matrix product that libtorch reaches here, by whichever of its ways.</summary>
internal static class MatrixPeak
{
    private const int Rows = 1370, Inputs = 1024, Outputs = 4096;

    /// <summary>Floating-point operations a second.</summary>
    public static double Measure(ScalarType precision)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var x = torch.randn(1, Rows, Inputs).to(precision);
        using var layer = new LinearLayer(torch.randn(Outputs, Inputs).to(precision), torch.zeros(Outputs).to(precision));
        double best = double.MaxValue;
        foreach (ILinearKernel kernel in new ILinearKernel[] { TorchLinear.Instance, ConvolutionLinear.Instance, PackedLinear.Instance, PanelLinear.Instance }
            .Where(k => k.Serves(x)))
        {
            for (int i = 0; i < 12; i++)
            {
                long start = Stopwatch.GetTimestamp();
                kernel.Apply(x, layer).Dispose();
                best = i < 2 ? best : Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }

        return 2.0 * Rows * Inputs * Outputs / best;
    }
}
