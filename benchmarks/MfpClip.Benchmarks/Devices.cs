namespace MfpClip.Benchmarks;

/// <summary>Where benchmarks run: the CPU always, CUDA where there is one.</summary>
internal static class Devices
{
    static Devices()
    {
        var report = MfpClipEnvironment.Check();
        All = report.CudaAvailable ? ["cpu", "cuda"] : ["cpu"];
        Remark = report.CudaAvailable ? "CUDA benchmarks end in a synchronise."
            : "CUDA benchmarks are skipped: libtorch finds no CUDA device here (no GPU, no driver, or the libtorch-cpu package).";
    }

    public static IReadOnlyList<string> All { get; }

    /// <summary>Whether CUDA is measured, and if not, why.</summary>
    public static string Remark { get; }

    /// <summary>Waits for what was queued; work on the CPU is done when its call returns.</summary>
    public static void Finish(string device)
    {
        if (device != "cpu")
        {
            torch.cuda.synchronize();
        }
    }
}
