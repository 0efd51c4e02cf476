namespace MfpClip.Cli;

/// <summary>
/// How long something long takes on this machine, from its first steps: told once, when enough of them were timed. The first steps are not counted, for they
/// measure kernels, fill caches and start threads, and code is compiled anew in the first seconds.
/// </summary>
internal sealed class DurationEstimate(TimeProvider time)
{
    private const int Uncounted = 3, Steps = 8;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(8); // until code that runs often is compiled anew
    private static readonly TimeSpan LeastTimed = TimeSpan.FromSeconds(5), LeastTold = TimeSpan.FromMinutes(1);

    private long _start, _from;
    private double _total = double.NaN, _done, _counted;
    private int _reports;
    private bool _told;

    /// <summary>Adds a report.</summary>
    /// <returns>The estimate of the whole phase, once; <see langword="null"/> before and after, and for what takes less than a minute.</returns>
    public string? Add(ProgressState state)
    {
        if (!state.Total.Equals(_total) || state.Done < _done)
        {
            // Another phase.
            (_total, _reports, _told, _start) = (state.Total, 0, false, time.GetTimestamp());
        }

        _reports += state.Done.Equals(_done) && _reports > 0 ? 0 : 1;
        _done = state.Done;
        if (_reports <= Uncounted || (!_told && time.GetElapsedTime(_start) < WarmUp))
        {
            (_from, _counted) = (time.GetTimestamp(), state.Done);
            return null;
        }

        var timed = time.GetElapsedTime(_from);
        double steps = state.Done - _counted;
        if (_told || steps <= 0 || _reports < Uncounted + Steps || timed < LeastTimed)
        {
            return null;
        }

        _told = true;
        var whole = time.GetElapsedTime(_start) + (timed * Math.Min((state.Total - state.Done) / steps, 1e6));
        return whole < LeastTold ? null : $"about {ProgressRate.Words(whole)} on this machine";
    }
}
