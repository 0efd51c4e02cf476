using System.Diagnostics;

namespace MfpClip.Parallelism;

/// <summary>
/// Threads that wait busily for a moment after each job: the next one of a tower comes within it, and waking a thread that sleeps takes longer
/// than many a job, above all on a virtual machine whose idle cores the host gives to others. One job at a time.
/// </summary>
internal static class SpinningThreadPool
{
    // 0.02 ms: longer, and libtorch's operators in between would share the core with a thread that waits
    private static readonly long Patience = Stopwatch.Frequency / 50_000;
    // 0.2 ms: pieces of a job end together within less, unless a thread was preempted
    private static readonly long LatePatience = Stopwatch.Frequency / 5_000;
    private static readonly List<Member> Members = [];
    private static Job? _current;
    private static int _busy;

    /// <summary>Runs the work on that many threads, this one among them; false, without having run anything, while another job runs.</summary>
    public static bool TryRun(int threads, Action work)
    {
        if (Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            return false;
        }

        try
        {
            while (Members.Count < threads - 1)
            {
                Members.Add(new(Members.Count));
            }

            var job = new Job(work, threads - 1);
            Volatile.Write(ref _current, job);
            Interlocked.MemoryBarrier(); // a member that is about to sleep sees the job, or we see that it sleeps
            for (int i = 0; i < threads - 1; i++)
            {
                Members[i].Wake();
            }

            job.Run();
            job.Wait();
            Volatile.Write(ref _current, null);
            job.ThrowIfFailed();
            return true;
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>One piece of work that several threads share. Who comes when all others have left does nothing.</summary>
    private sealed class Job(Action work, int members)
    {
        private readonly SemaphoreSlim _left = new(0);
        private int _present = 1; // the caller
        private int _callerSleeps;
        private Exception? _failure;

        public bool Join(int member)
        {
            for (int present = Volatile.Read(ref _present); member < members && present > 0; present = Volatile.Read(ref _present))
            {
                if (Interlocked.CompareExchange(ref _present, present + 1, present) == present)
                {
                    Run();
                    return true;
                }
            }

            return false;
        }

        /// <summary>Works and leaves.</summary>
        public void Run()
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, e, null); // the caller throws it
            }

            if (Interlocked.Decrement(ref _present) == 0 && Interlocked.Exchange(ref _callerSleeps, 0) != 0)
            {
                _left.Release();
            }
        }

        /// <summary>
        /// Waits for those who still work: busily for as long as they take on an idle machine, then asleep. Who is late then is kept from running by other
        /// work, and a caller that spins would keep it from running, too.
        /// </summary>
        public void Wait()
        {
            for (long since = Stopwatch.GetTimestamp(); Volatile.Read(ref _present) > 0 && Stopwatch.GetTimestamp() - since < LatePatience;)
            {
                Thread.SpinWait(8);
            }

            if (Volatile.Read(ref _present) > 0)
            {
                Interlocked.Exchange(ref _callerSleeps, 1);
                if (Volatile.Read(ref _present) > 0 || Interlocked.Exchange(ref _callerSleeps, 0) == 0)
                {
                    _left.Wait(); // whoever takes the mark away releases
                }
            }
        }

        public void ThrowIfFailed()
        {
            if (_failure is { } failure)
            {
                throw new AggregateException(failure);
            }
        }
    }

    /// <summary>A thread of the team.</summary>
    private sealed class Member
    {
        private readonly SemaphoreSlim _signal = new(0);
        private readonly int _number;
        private int _asleep;

        public Member(int number)
        {
            _number = number;
            new Thread(Live) { IsBackground = true, Name = $"MfpClip: worker {number + 1}" }.Start();
        }

        public void Wake()
        {
            if (Volatile.Read(ref _asleep) != 0 && Interlocked.Exchange(ref _asleep, 0) != 0)
            {
                _signal.Release();
            }
        }

        private void Live()
        {
            Job? done = null;
            long since = Stopwatch.GetTimestamp();
            while (true)
            {
                var job = Volatile.Read(ref _current);
                if (job is not null && !ReferenceEquals(job, done))
                {
                    since = job.Join(_number) ? Stopwatch.GetTimestamp() : since;
                    done = job;
                }
                else if (Stopwatch.GetTimestamp() - since < Patience)
                {
                    Thread.SpinWait(8);
                }
                else
                {
                    Interlocked.Exchange(ref _asleep, 1);
                    job = Volatile.Read(ref _current);
                    if ((job is null || ReferenceEquals(job, done)) || Interlocked.Exchange(ref _asleep, 0) == 0)
                    {
                        _signal.Wait(); // whoever takes the mark away releases
                    }

                    done = ReferenceEquals(done, Volatile.Read(ref _current)) ? done : null;
                    since = Stopwatch.GetTimestamp();
                }
            }
        }
    }
}
