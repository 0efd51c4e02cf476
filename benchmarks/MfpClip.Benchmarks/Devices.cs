namespace MfpClip.Benchmarks;

/// <summary>Where benchmarks run: the CPU always, CUDA where there is one. <c>MFPCLIP_BENCHMARK_DEVICE</c> narrows it to one of them.</summary>
internal static class Devices
{
    static Devices()
    {
        var report = MfpClipEnvironment.Check();
        string[] there = report.CudaAvailable ? ["cpu", "cuda"] : ["cpu"];
        string? only = Environment.GetEnvironmentVariable("MFPCLIP_BENCHMARK_DEVICE");
        All = string.IsNullOrEmpty(only) ? there : [.. there.Where(d => d == only)];
        Remark = report.CudaAvailable ? "CUDA benchmarks end in a synchronise."
            : "CUDA benchmarks are skipped: libtorch finds no CUDA device here (no GPU, no driver, or the libtorch-cpu package).";
    }

    public static IReadOnlyList<string> All { get; }

    /// <summary>Images a call: few on the CPU, whose cores one image fills.</summary>
    public static IReadOnlyList<int> Batches => All.Contains("cpu") ? [1, 2] : [1, 8, 16];

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
