namespace MfpClip.Tests.Native;

public sealed class MemoryReuseTests
{
    [Fact]
    public void What_the_environment_says_has_precedence()
    {
        string? before = Environment.GetEnvironmentVariable("MALLOC_TRIM_THRESHOLD_");
        try
        {
            Environment.SetEnvironmentVariable("MALLOC_TRIM_THRESHOLD_", "1000000");
            Assert.False(MemoryReuse.Enable());
        }
        finally
        {
            Environment.SetEnvironmentVariable("MALLOC_TRIM_THRESHOLD_", before);
        }
    }

    [Fact]
    public void Too_little_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => MemoryReuse.Enable(1));

    [SkippableFact]
    public void It_is_so_on_glibc()
    {
        Skip.IfNot(File.Exists("/lib/x86_64-linux-gnu/libc.so.6")
            && Environment.GetEnvironmentVariable("GLIBC_TUNABLES") is null, "No glibc here, or it is told otherwise.");
        Assert.True(MemoryReuse.Enable());
    }
}
