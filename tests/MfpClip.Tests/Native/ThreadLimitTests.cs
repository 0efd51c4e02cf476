using System.Runtime.InteropServices;
using MfpClip.Native;

namespace MfpClip.Tests.Native;

public class ThreadLimitTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(ThreadLimit.Maximum + 1)]
    public void A_number_that_no_machine_has_is_refused(int threads) => Assert.Throws<ArgumentOutOfRangeException>(() => ThreadLimit.Set(threads));

    // The number that holds already: a setting of the process, and other tests run in it.
    [Fact]
    public void It_reaches_libtorch()
    {
        int threads = torch.get_num_threads();
        ThreadLimit.Set(threads);
        ThreadLimit.Set(threads); // libtorch ends the process where some of its settings come twice
        Assert.Equal(threads, ThreadLimit.Count);
        Assert.Equal(threads, torch.get_num_threads());
    }

    [SkippableFact]
    public void Waiting_of_OpenMP_is_limited_before_libtorch_reads_its_environment()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "OpenMP of other systems waits otherwise.");
        Skip.If(OpenMpWaiting.IsChosen, "The environment says how OpenMP waits.");
        Assert.InRange(int.Parse(Marshal.PtrToStringUTF8(Variable("GOMP_SPINCOUNT"))!, System.Globalization.CultureInfo.InvariantCulture), 1, 100_000);
    }

    [DllImport("libc", EntryPoint = "getenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr Variable(string name);
}
