using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace MfpClip.Benchmarks;

/// <summary>
/// Few launches of long iterations, in this process: models are large, and the native libraries with their repair for older Linux are loaded
/// here already. Results go to <c>benchmarks/results</c> of the checkout.
/// </summary>
internal sealed class BenchmarkSetup : ManualConfig
{
    public BenchmarkSetup()
    {
        // A case with its setup takes minutes beside other work; the toolchain's own limit would end it.
        AddJob(Job.Default.WithToolchain(new InProcessEmitToolchain(TimeSpan.FromHours(1), logOutput: true))
            .WithLaunchCount(1).WithWarmupCount(1).WithIterationCount(5).WithInvocationCount(1).WithUnrollFactor(1).WithId("InProcess"));
        AddDiagnoser(new NativeMemoryDiagnoser());
        AddColumnProvider(DefaultColumnProviders.Instance);
        AddExporter(MarkdownExporter.GitHub);
        AddLogger(ConsoleLogger.Default);
        WithOrderer(new DefaultOrderer(SummaryOrderPolicy.Declared));
        WithOptions(ConfigOptions.DisableOptimizationsValidator); // libtorch's bindings ship without optimisation attributes
        ArtifactsPath = Path.Combine(Root(), "benchmarks");
    }

    // The checkout that this was built from, else the working directory.
    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                return folder.FullName;
            }
        }

        return Environment.CurrentDirectory;
    }
}
