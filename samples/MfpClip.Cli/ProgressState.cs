using System.Globalization;

namespace MfpClip.Cli;

/// <summary>Where something long stands.</summary>
/// <param name="Done">How much is done, of <paramref name="Total"/>.</param>
/// <param name="Total">All of it.</param>
/// <param name="Text">What is done now, where that changes.</param>
/// <param name="Images">Images done so far, where <paramref name="Done"/> counts something else.</param>
internal readonly record struct ProgressState(double Done, double Total, string? Text = null, double? Images = null)
{
    /// <summary>Images done so far.</summary>
    public double ImagesDone => Images ?? Done;
}

/// <summary>Images a second and the time that is left, from the reports since the first one: what was there before a run is not its merit.</summary>
internal sealed class ProgressRate(TimeProvider time)
{
    private (long At, ProgressState State)? _begin, _phase;
    private (long At, ProgressState State) _last;

    /// <summary>The last report.</summary>
    public ProgressState State => _last.State;

    public void Add(ProgressState state)
    {
        // Another phase counts from its own beginning.
        bool other = !_last.State.Total.Equals(state.Total) || state.Done < _last.State.Done;
        bool otherImages = other || state.ImagesDone < _last.State.ImagesDone;
        _last = (time.GetTimestamp(), state);
        (_begin, _phase) = (other ? _last : _begin ?? _last, otherImages ? _last : _phase ?? _last);
    }

    /// <summary>Images a second; <see langword="null"/> before there are two reports.</summary>
    public double? ImagesPerSecond => Since(_phase) is > 0 and var seconds && _last.State.ImagesDone - _phase!.Value.State.ImagesDone is > 0 and var images
        ? images / seconds : null;

    /// <summary>The time that the rest will take at this pace.</summary>
    public TimeSpan? Remaining => Since(_begin) is > 0 and var seconds && _last.State.Done - _begin!.Value.State.Done is > 0 and var done
        ? TimeSpan.FromSeconds(Math.Min((_last.State.Total - _last.State.Done) * seconds / done, TimeSpan.FromDays(1000).TotalSeconds)) : null;

    /// <summary>For example <c>3.1 images/s, 15 s left</c>; empty before there are two reports.</summary>
    public override string ToString()
    {
        string rate = ImagesPerSecond is { } images ? string.Create(CultureInfo.InvariantCulture, $"{images:0.#} images/s") : string.Empty;
        string left = Remaining is { } rest ? $"{Words(rest)} left" : string.Empty;
        return string.Join(", ", new[] { rate, left }.Where(t => t.Length > 0));
    }

    private double? Since((long At, ProgressState)? first) => first is { } f ? time.GetElapsedTime(f.At, _last.At).TotalSeconds : null;

    /// <summary>For example <c>3 h 10 min</c>.</summary>
    public static string Words(TimeSpan t) => t.TotalHours >= 1 ? $"{(int)t.TotalHours} h {t.Minutes} min"
        : t.TotalMinutes >= 1 ? $"{t.Minutes} min {t.Seconds} s" : $"{(int)Math.Ceiling(t.TotalSeconds)} s";
}
