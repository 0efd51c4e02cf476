namespace MfpClip.Parallelism;

/// <summary>Work on rows of pixels, shared between as many threads as <see cref="ThreadLimit"/> allows.</summary>
internal static class ParallelRows
{
    /// <summary>Calls <paramref name="body"/> once for each row; returns when all are done.</summary>
    /// <exception cref="AggregateException">What a row threw.</exception>
    public static void Run(int rows, Action<int> body) => Parallel.For(0, rows, new ParallelOptions { MaxDegreeOfParallelism = ThreadLimit.Count }, body);
}
