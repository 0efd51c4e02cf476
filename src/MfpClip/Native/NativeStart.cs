namespace MfpClip.Native;

/// <summary>The first call into TorchSharp of this process.</summary>
internal static class NativeStart
{
    private static readonly Lock Gate = new();

    // What OpenMP, MKL and libtorch read; whoever sets one has chosen.
    private static readonly string[] ThreadVariables = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_THREAD_LIMIT"];
    private static bool done;
    private static bool loaded;

    /// <summary>
    /// Makes it, once. TorchSharp writes where it looked for its library on standard output when it finds none: no place for it in programs whose output
    /// others read, and the error says the same. Never throws: the call that follows does.
    /// </summary>
    public static void Run()
    {
        lock (Gate)
        {
            if (done)
            {
                return;
            }

            done = true;
            var output = Console.Out;
            try
            {
                Console.SetOut(TextWriter.Null);
                using var probe = torch.zeros(1);
                Console.SetOut(output);
                loaded = true;
                NnpackSwitch.TurnOffIfUseless();
                FollowQuota();
                LimitThreads();
            }
            catch (Exception e) when (e is TypeInitializationException or NotSupportedException or DllNotFoundException or EntryPointNotFoundException)
            {
                // Explained by NativeBackend.Guard and MfpClipEnvironment.Check.
            }
            finally
            {
                Console.SetOut(output);
            }
        }
    }

    /// <summary>Brings libtorch to <see cref="ThreadLimit"/>, if it is loaded; otherwise <see cref="Run"/> does.</summary>
    public static void LimitThreads()
    {
        lock (Gate)
        {
            if (loaded && ThreadLimit.IsSet)
            {
                torch.set_num_threads(ThreadLimit.Count);
            }
        }
    }

    // libtorch counts the processors of the machine, .NET those that this process may use: the quota of a container (cgroup), DOTNET_PROCESSOR_COUNT, affinity.
    // More threads than that wait for one another.
    private static void FollowQuota()
    {
        if (!ThreadLimit.IsSet && torch.get_num_threads() > Environment.ProcessorCount && !ThreadVariables.Any(NativeVariables.IsSet))
        {
            torch.set_num_threads(Environment.ProcessorCount);
        }
    }
}
