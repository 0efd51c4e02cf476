using MfpClip.Native;

namespace MfpClip.Parallelism;

/// <summary>
/// Shortens further the time for which libgomp's threads wait busily after each of libtorch's operators (<see cref="OpenMpWaiting"/>): the managed
/// kernels, which come between operators, would share the cores with threads that do nothing.
/// </summary>
/// <remarks>
/// libgomp waits a hundred rounds instead of 300,000 while it manages more threads than there are cores, so a second team of its threads is
/// made once and left asleep. Measured on two cores: 9 % of a bfloat16 pass through ViT-L/14@336. Whoever sets GOMP_SPINCOUNT or
/// OMP_WAIT_POLICY has decided already.
/// </remarks>
internal static class OpenMpSpinTime
{
    private static readonly Lazy<bool> Done = new(StartIdleTeam);

    /// <summary>Does it at the first call.</summary>
    public static void Shorten() => _ = Done.Value;

    private static bool StartIdleTeam()
    {
        if (!OperatingSystem.IsLinux() || torch.get_num_threads() < 2
            || OpenMpWaiting.IsChosen)
        {
            return false;
        }

        using var made = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            using (var work = torch.ones(1 << 20)) // large enough to be shared
            {
                work.exp_();
            }

            made.Set();
            Thread.Sleep(Timeout.Infinite); // the team ends with its thread
        })
        { IsBackground = true, Name = "MfpClip: second OpenMP team" };
        thread.Start();
        made.Wait();
        return true;
    }
}
