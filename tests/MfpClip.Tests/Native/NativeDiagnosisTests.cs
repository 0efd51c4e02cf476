using MfpClip.Native;

namespace MfpClip.Tests.Native;

public class NativeDiagnosisTests
{
    private static readonly NativeFacts Well = new(["cpu"], true, true, null, true, null);

    [Fact]
    public void Each_cause_is_named_with_its_remedy()
    {
        void Says(NativeFacts facts, params string[] words)
        {
            string text = string.Join(' ', NativeDiagnosis.LoadFailures(facts, "TorchSharp's words"));
            Assert.All(words, w => Assert.Contains(w, text, StringComparison.Ordinal));
        }

        Says(Well with { TorchFound = false, Backends = [] }, "No libtorch was found", "libtorch-cpu-linux-x64");
        Says(Well with { BridgeFound = false }, "LibTorchSharp", "runtime identifier");
        Says(Well with { LoaderError = "version `GLIBCXX_3.4.32' not found" }, "libstdc++", "GCC 13");
        Says(Well with { LoaderError = "version `GLIBCXX_3.4.32' not found", RepairEnabled = false }, "switched off", NativeBackend.SwitchVariable);
        Says(Well with { LoaderError = "version `GLIBCXX_3.4.32' not found", RepairFailure = "disk full" }, "disk full");
        Says(Well with { LoaderError = "version `GLIBCXX_3.4.30' not found" }, "too old", "libstdc++");
        Says(Well with { LoaderError = "version `GLIBC_2.34' not found" }, "glibc", "too old");
        Says(Well, "TorchSharp's words");
    }

    [Fact]
    public void Two_backends_are_told_even_where_it_loads()
    {
        Assert.Contains("cpu and cuda-12.8", Assert.Single(NativeDiagnosis.Warnings(Well with { Backends = ["cpu", "cuda-12.8"] })),
            StringComparison.Ordinal);
        Assert.Empty(NativeDiagnosis.Warnings(Well));
    }

    [Fact]
    public void The_check_says_that_this_machine_works_and_that_cuda_is_absent_where_it_is()
    {
        var report = MfpClipEnvironment.Check();
        Assert.True(report.IsReady, report.Summary);
        Assert.NotNull(report.LibTorchFolder);
        Assert.False(MfpClipEnvironment.Check("gpu").IsReady);
        Assert.Contains(MfpClipEnvironment.Check("gpu").Problems, p => p.Contains("'gpu' is unknown", StringComparison.Ordinal));
        if (!report.CudaAvailable)
        {
            var cuda = MfpClipEnvironment.Check("cuda:0");
            Assert.False(cuda.IsReady);
            Assert.Contains(cuda.Problems, p => p.Contains("CUDA", StringComparison.Ordinal));
        }
    }
}
