using System.Diagnostics;
using System.Globalization;

namespace MfpClip.Benchmarks.Quick;

/// <summary>A control group of Linux whose processes together may use that many processors. Removed when disposed.</summary>
internal sealed class ProcessorQuota : IDisposable
{
    private const int Period = 100_000; // microseconds, the kernel's default
    private readonly string _folder;

    private ProcessorQuota(string folder) => _folder = folder;

    /// <summary>Makes one; null with the reason where that is not allowed, as in most containers.</summary>
    public static ProcessorQuota? Create(int processors, out string? reason)
    {
        reason = "there is no control group to make one in (Linux, as root).";
        foreach (var (root, unified) in new[] { ("/sys/fs/cgroup/cpu", false), ("/sys/fs/cgroup", true) }.Where(r => Directory.Exists(r.Item1)))
        {
            string folder = Path.Combine(root, $"mfpclip-{Environment.ProcessId}");
            try
            {
                Directory.CreateDirectory(folder);
                string quota = (processors * Period).ToString(CultureInfo.InvariantCulture);
                File.WriteAllText(Path.Combine(folder, unified ? "cpu.max" : "cpu.cfs_quota_us"), unified ? $"{quota} {Period}" : quota);
                return new(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                reason = e.Message;
                Remove(folder);
            }
        }

        return null;
    }

    /// <summary>The same process, in the group before it begins: .NET and libtorch count processors at their start.</summary>
    public ProcessStartInfo Enter(ProcessStartInfo start)
    {
        string command = "echo $$ > \"$0\" && exec \"$@\"";
        return new("/bin/sh", ["-c", command, Path.Combine(_folder, "cgroup.procs"), start.FileName, .. start.ArgumentList])
        {
            RedirectStandardOutput = start.RedirectStandardOutput,
        };
    }

    public void Dispose() => Remove(_folder);

    private static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder);
            }
        }
        catch (IOException)
        {
            // The kernel keeps an empty group until then.
        }
    }
}
