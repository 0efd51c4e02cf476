namespace MfpClip.Cli.Tests;

/// <summary>How long a training takes is told once, from steps that are like the rest.</summary>
public sealed class DurationEstimateTests
{
    private readonly Clock _clock = new();

    [Fact]
    public void It_is_that_of_the_steps_after_the_first_ones()
    {
        var estimate = new DurationEstimate(_clock);
        var told = Enumerable.Range(0, 60).Select(step =>
        {
            _clock.Seconds += step < 3 ? 20 : 2; // the first steps measure kernels
            return estimate.Add(new(step, 5700));
        }).Where(t => t is not null).ToList();

        // 5,700 steps of two seconds, and a minute for the first ones.
        Assert.Equal(["about 3 h 10 min on this machine"], told);
    }

    [Fact]
    public void Short_steps_are_timed_after_the_first_seconds()
    {
        var estimate = new DurationEstimate(_clock);
        var told = Enumerable.Range(1, 1000).Select(step =>
        {
            _clock.Seconds += step <= 32 ? 0.25 : 0.1; // from the first report on 7.75 s, then 968 steps in 96.8 s
            return estimate.Add(new(step, 1000));
        }).Where(t => t is not null).ToList();

        Assert.Equal(["about 1 min 44 s on this machine"], told);
    }

    [Fact]
    public void Each_phase_has_its_own()
    {
        var estimate = new DurationEstimate(_clock);
        var told = new[] { 1.0, 4.0 }.SelectMany(seconds => Enumerable.Range(0, 100).Select(step =>
        {
            _clock.Seconds += seconds;
            return estimate.Add(new(step, 90 * (1 + seconds)));
        })).Where(t => t is not null).ToList();

        Assert.Equal(["about 3 min 0 s on this machine", "about 30 min 0 s on this machine"], told);
    }

    [Fact]
    public void What_takes_less_than_a_minute_is_not_told()
    {
        var estimate = new DurationEstimate(_clock);
        Assert.All(Enumerable.Range(0, 40).Select(step =>
        {
            _clock.Seconds += 1;
            return estimate.Add(new(step, 40));
        }), Assert.Null);
    }

    private sealed class Clock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)(Seconds * 1000);
    }
}
