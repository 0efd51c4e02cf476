using System.Runtime.ExceptionServices;

namespace MfpClip.Parallelism;

/// <summary>Work on the images of a batch that does not hang together: decoding, resizing, reading results. On the cores of the machine.</summary>
internal static class ParallelLoop
{
    /// <summary>Does every piece and gives the results in order.</summary>
    /// <param name="count">Pieces.</param>
    /// <param name="piece">Makes the result of one; called from several threads at once.</param>
    /// <exception cref="Exception">What the first piece in order that failed threw, as if they had been done one after another.</exception>
    public static T[] Run<T>(int count, Func<int, T> piece)
    {
        var results = new T[count];
        if (count == 1)
        {
            results[0] = piece(0);
            return results;
        }

        var failures = new ExceptionDispatchInfo?[count];
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = ThreadLimit.Count }, (i, state) =>
        {
            try
            {
                results[i] = piece(i);
            }
            catch (Exception e)
            {
                failures[i] = ExceptionDispatchInfo.Capture(e);
                state.Break(); // those before it are still done
            }
        });
        failures.FirstOrDefault(f => f is not null)?.Throw();
        return results;
    }
}
