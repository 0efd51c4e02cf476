using System.Globalization;
using BenchmarkDotNet.Analysers;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Validators;
using Perfolizer.Metrology;

namespace MfpClip.Benchmarks;

/// <summary>
/// Columns for what the managed diagnosers do not see: the peak of the process's memory during the measured runs, how far that is above
/// its start, and the tensors that are alive afterwards beyond those before (0 where nothing leaks). Linux only for memory.
/// </summary>
internal sealed class NativeMemoryDiagnoser : IDiagnoser
{
    private readonly Dictionary<string, (long Tensors, long Start, long Peak, long Left)> _seen = new(StringComparer.Ordinal);

    public IEnumerable<string> Ids => [nameof(NativeMemoryDiagnoser)];

    public IEnumerable<IExporter> Exporters => [];

    public IEnumerable<IAnalyser> Analysers => [];

    public RunMode GetRunMode(BenchmarkCase benchmarkCase) => RunMode.NoOverhead;

    public void Handle(HostSignal signal, DiagnoserActionParameters parameters)
    {
        string key = parameters.BenchmarkCase.DisplayInfo;
        switch (signal)
        {
            case HostSignal.BeforeActualRun:
                Settle();
                ResetPeak();
                _seen[key] = (torch.Tensor.TotalCount, Status("VmRSS"), 0, 0);
                break;
            case HostSignal.AfterActualRun when _seen.TryGetValue(key, out var seen):
                long peak = Status("VmHWM");
                Settle();
                _seen[key] = seen with { Peak = peak, Left = torch.Tensor.TotalCount - seen.Tensors };
                break;
        }
    }

    public IEnumerable<Metric> ProcessResults(DiagnoserResults results)
    {
        if (_seen.TryGetValue(results.BenchmarkCase.DisplayInfo, out var seen))
        {
            yield return new(new Descriptor("Peak", "MB", "Highest resident memory of the process during the measured runs."), seen.Peak / 1e6);
            yield return new(new Descriptor("Above start", "MB", "The same above what was resident before them, the loaded model included."),
                Math.Max(0, seen.Peak - seen.Start) / 1e6);
            yield return new(new Descriptor("Tensors left", string.Empty, "Native tensors alive after the measured runs beyond those before."), seen.Left);
        }
    }

    public void DisplayResults(ILogger logger)
    {
    }

    public IEnumerable<ValidationError> Validate(ValidationParameters validationParameters) => [];

    private static void Settle()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private static void ResetPeak()
    {
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Elsewhere the peak is that of the whole process so far.
        }
    }

    private static long Status(string field)
    {
        if (!File.Exists("/proc/self/status"))
        {
            return Environment.WorkingSet;
        }

        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private sealed class Descriptor(string name, string unit, string legend) : IMetricDescriptor
    {
        public string Id => name;

        public string DisplayName => name;

        public string Legend => legend;

        public string NumberFormat => "0";

        public UnitType UnitType => UnitType.Dimensionless;

        public string Unit => unit;

        public bool TheGreaterTheBetter => false;

        public int PriorityInCategory => 0;

        public bool GetIsAvailable(Metric metric) => true;
    }
}
