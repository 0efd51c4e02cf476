using Spectre.Console;

namespace MfpClip.Cli;

/// <summary>One bar on the console while something runs.</summary>
internal static class ProgressBars
{
    /// <summary>Runs with a bar that shows the progress.</summary>
    /// <param name="name">What stands before the bar.</param>
    /// <param name="run">What runs; reports to what it is given.</param>
    /// <param name="show">Moves the bar to where a report says.</param>
    /// <param name="time">Column of times; remaining time where it is not given.</param>
    public static TResult Run<TReport, TResult>(
        string name, Func<IProgress<TReport>, TResult> run, Action<ProgressTask, TReport> show, ProgressColumn? time = null)
    {
        TResult? result = default;
        var description = new TaskDescriptionColumn { Alignment = Justify.Left };
        AnsiConsole.Progress().Columns(description, new ProgressBarColumn(), new PercentageColumn(), time ?? new RemainingTimeColumn()).Start(bars =>
        {
            var bar = bars.AddTask(name, maxValue: 1);
            result = run(new DirectProgress<TReport>(report => show(bar, report)));
        });
        return result!;
    }
}

/// <summary>Reports at once, on the thread that reports; <see cref="Progress{T}"/> would report later, and out of order.</summary>
/// <param name="report">Reports progress.</param>
internal sealed class DirectProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
