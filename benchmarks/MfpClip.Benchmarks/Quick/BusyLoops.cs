using System.Diagnostics;

namespace MfpClip.Benchmarks.Quick;

/// <summary>Processes of one thread each that do nothing but compute, beside this one and in its session, until they are disposed.</summary>
internal sealed class BusyLoops : IDisposable
{
    /// <summary>The argument by which this program runs as such a process.</summary>
    public const string Argument = "--busy-loop";

    private readonly List<Process> _processes = [];

    public BusyLoops(int count)
    {
        for (int i = 0; i < count; i++)
        {
            var start = Again(Argument);
            start.RedirectStandardInput = true; // ends with this process, whatever happens
            _processes.Add(Process.Start(start)!);
        }

        foreach (var process in _processes)
        {
            process.StandardOutput.ReadLine(); // it runs
        }
    }

    /// <summary>Is such a process: computes until standard input ends.</summary>
    public static int Run()
    {
        using var ended = new CancellationTokenSource();
        new Thread(() =>
        {
            while (Console.In.Read() >= 0)
            {
            }

            ended.Cancel();
        })
        { IsBackground = true }.Start();
        Console.WriteLine("runs");
        while (!ended.IsCancellationRequested)
        {
            Thread.SpinWait(1000);
        }

        return 0;
    }

    /// <summary>This program with other arguments; standard output is read by the caller.</summary>
    public static ProcessStartInfo Again(params string[] arguments)
    {
        string program = Environment.ProcessPath!, assembly = typeof(BusyLoops).Assembly.Location;
        bool host = Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        return new(program, host ? [assembly, .. arguments] : arguments) { RedirectStandardOutput = true };
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.StandardInput.Close();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
