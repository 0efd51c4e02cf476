using MfpClip.Parallelism;

namespace MfpClip.Tests.Parallelism;

/// <summary>Every piece of work is done once and before the call returns, whoever calls.</summary>
public class WorkSharingTests
{
    [Fact]
    public void Every_piece_is_done_once_also_for_callers_at_the_same_time()
    {
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, caller =>
        {
            for (int round = 0; round < 200; round++)
            {
                int pieces = 1 + ((caller + round) % 17);
                var done = new int[pieces];
                int entered = 0, left = 0;
                ParallelPieces.Run(pieces, 1, () => Interlocked.Increment(ref entered), (_, i) => Interlocked.Increment(ref done[i]), _ =>
                    Interlocked.Increment(ref left));
                Assert.All(done, d => Assert.Equal(1, d));
                Assert.Equal(entered, left);
            }
        });
    }

    [Fact]
    public void Work_within_work_is_done_too()
    {
        int done = 0;
        ParallelPieces.Run(4, 1, () => 0, (_, _) => ParallelPieces.Run(5, 1, () => 0, (_, _) => Interlocked.Increment(ref done), _ => { }), _ => { });
        Assert.Equal(20, done);
    }

    [Fact]
    public void A_failure_reaches_the_caller_and_the_next_call_works()
    {
        int left = 0;
        var failure = Record.Exception(() => ParallelPieces.Run(
            8, 1, () => 0, (_, i) => _ = i == 3 ? throw new InvalidOperationException("three") : i, _ => Interlocked.Increment(ref left)));
        Assert.Equal("three", ((failure as AggregateException)?.InnerException ?? failure)!.Message);
        Assert.InRange(left, 1, 8);
        int done = 0;
        ParallelPieces.Run(8, 1, () => 0, (_, _) => Interlocked.Increment(ref done), _ => { });
        Assert.Equal(8, done);
    }

    [Fact]
    public void A_caller_waits_for_a_piece_that_another_thread_is_late_with()
    {
        for (int round = 0; round < 30; round++)
        {
            int caller = Environment.CurrentManagedThreadId, done = 0;
            ParallelPieces.Run(8, 1, () => 0, (_, _) =>
            {
                Thread.Sleep(Environment.CurrentManagedThreadId == caller ? 0 : round % 4); // longer than the caller waits busily
                Interlocked.Increment(ref done);
            }, _ => { });
            Assert.Equal(8, done);
        }
    }

    [SkippableFact]
    public void Work_is_shared_by_as_many_threads_as_there_are_after_rests_of_any_length()
    {
        Skip.If(torch.get_num_threads() < 2, "One thread: nobody to share with.");
        foreach (int rest in new[] { 0, 1, 20 })
        {
            var threads = new System.Collections.Concurrent.ConcurrentDictionary<int, bool>();
            for (int round = 0; round < 50 && threads.Count < 2; round++)
            {
                Thread.Sleep(rest); // workers are awake after none, asleep after the longest
                ParallelPieces.Run(40, 1, () => 0, (_, _) =>
                {
                    threads[Environment.CurrentManagedThreadId] = true;
                    Thread.Sleep(1); // long enough for the others to come
                }, _ => { });
            }

            Assert.True(threads.Count >= 2);
        }
    }
}
