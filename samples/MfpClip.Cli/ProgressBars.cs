using Spectre.Console;

namespace MfpClip.Cli;

/// <summary>
/// Progress on the error stream, so that standard output holds results only: a bar on a terminal, else a plain line every few seconds.
/// </summary>
internal static class ProgressBars
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>Runs something long and shows how far it is, with images a second.</summary>
    /// <param name="name">What stands before the bar.</param>
    /// <param name="run">What runs; reports to what it is given.</param>
    /// <param name="read">What a report says.</param>
    public static TResult Run<TReport, TResult>(string name, Func<IProgress<TReport>, TResult> run, Func<TReport, ProgressState> read) =>
        Console.IsErrorRedirected ? Plain(name, run, read) : Bar(name, run, read);

    private static TResult Bar<TReport, TResult>(string name, Func<IProgress<TReport>, TResult> run, Func<TReport, ProgressState> read)
    {
        TResult? result = default;
        var rate = new ProgressRate(TimeProvider.System);
        var whole = new DurationEstimate(TimeProvider.System);
        var terminal = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });
        terminal.Progress().Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn()).Start(bars =>
        {
            var bar = bars.AddTask(Markup.Escape(name), maxValue: 1);
            result = run(new DirectProgress<TReport>(report =>
            {
                lock (rate)
                {
                    var state = read(report);
                    rate.Add(state);
                    if (whole.Add(state) is { } estimate)
                    {
                        terminal.WriteLine($"{name}: {estimate}");
                    }

                    (bar.MaxValue, bar.Value) = (Math.Max(rate.State.Total, double.Epsilon), rate.State.Done);
                    bar.Description = Markup.Escape($"{rate.State.Text ?? name} {rate}".TrimEnd());
                }
            }));
        });
        return result!;
    }

    private static TResult Plain<TReport, TResult>(string name, Func<IProgress<TReport>, TResult> run, Func<TReport, ProgressState> read)
    {
        var rate = new ProgressRate(TimeProvider.System);
        var whole = new DurationEstimate(TimeProvider.System);
        string? last = null;
        using (new Timer(_ => Print(), null, Interval, Interval))
        {
            return run(new DirectProgress<TReport>(report =>
            {
                lock (rate)
                {
                    var state = read(report);
                    rate.Add(state);
                    if (whole.Add(state) is { } estimate)
                    {
                        Console.Error.WriteLine($"{name}: {estimate}");
                    }
                }
            }));
        }

        void Print()
        {
            string line;
            lock (rate)
            {
                if (rate.State.Total <= 0)
                {
                    return; // nothing was reported yet
                }

                string what = rate.State.Text is { Length: > 0 } text && text != name ? $"{name}, {text}" : name;
                double percent = Math.Floor(100 * rate.State.Done / rate.State.Total);
                string[] parts = [FormattableString.Invariant($"{what}: {percent:0} %"), Count(rate.State), $"{rate}"];
                line = string.Join(", ", parts.Where(t => t.Length > 0));
            }

            if (Interlocked.Exchange(ref last, line) != line)
            {
                Console.Error.WriteLine(line);
            }
        }
    }

    private static string Count(ProgressState state) => state.Images is { } images ? FormattableString.Invariant($"{images:0} images")
        : FormattableString.Invariant($"{Math.Floor(state.Done):0} of {state.Total:0} images");
}

/// <summary>Reports at once, on the thread that reports; <see cref="Progress{T}"/> would report later, and out of order.</summary>
/// <param name="report">Reports progress.</param>
internal sealed class DirectProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
