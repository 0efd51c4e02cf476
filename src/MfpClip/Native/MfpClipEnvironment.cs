using System.Runtime.InteropServices;
using MfpClip.Native;

namespace MfpClip;

/// <summary>One call that says in words whether this machine can run MfpClip, and what to do if not.</summary>
public static class MfpClipEnvironment
{
    /// <summary>Inspects the native set-up. Never throws.</summary>
    /// <param name="device">The device that is wanted: "cpu", "cuda" or "cuda:N".</param>
    public static EnvironmentReport Check(string device = "cpu")
    {
        var problems = new List<string>();
        bool loads = false;
        bool cuda = false;
        NativeStart.Run();
        try
        {
            using var probe = torch.zeros(1);
            loads = probe.numel() == 1;
            cuda = torch.cuda.is_available();
        }
        catch (Exception e)
        {
            problems.AddRange(NativeDiagnosis.LoadFailures(NativeFacts.Gather(), e.Message));
        }

        problems.AddRange(NativeDiagnosis.Warnings(NativeFacts.Gather()));
        bool wantsCuda = device?.Trim().StartsWith("cuda", StringComparison.OrdinalIgnoreCase) == true;
        string? fault = loads ? DeviceSelection.Fault(device!, ScalarType.Float32) ?? (wantsCuda ? null : ProductCheck.Fault) : null;
        if (fault is not null)
        {
            problems.Add(!wantsCuda || cuda ? fault
                : "CUDA was asked for, but libtorch finds no CUDA device: no GPU, no driver, or the application references a libtorch-cpu package. "
                + "Reference libtorch-cuda-12.8-linux-x64 or -win-x64 instead of libtorch-cpu, and check 'nvidia-smi'.");
        }

        return new EnvironmentReport
        {
            IsReady = loads && fault is null,
            CudaAvailable = cuda,
            Problems = problems,
            NativeRepair = NativeBackend.Messages.Count > 0 ? string.Join(" ", NativeBackend.Messages) : null,
            LibTorchFolder = Path.GetDirectoryName((loads ? NativeFiles.Loaded(NativeFacts.TorchFile) : null) ?? NativeFiles.Find(NativeFacts.TorchFile)),
            System = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.FrameworkDescription}",
            Threads = loads ? torch.get_num_threads() : 0,
            TorchSharpVersion = typeof(torch).Assembly.GetName().Version?.ToString(3) ?? "unknown",
        };
    }
}

/// <summary>What <see cref="MfpClipEnvironment.Check"/> found.</summary>
public sealed record EnvironmentReport
{
    /// <summary>Whether tensors can be made on the wanted device.</summary>
    public required bool IsReady { get; init; }

    /// <summary>Whether a CUDA device can be used.</summary>
    public required bool CudaAvailable { get; init; }

    /// <summary>What is wrong, each with what to do; empty where all is well.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>
    /// What was done so that it works here: the repair for older Linux, a limit of oneDNN's instructions; <see langword="null"/>: nothing was needed.
    /// </summary>
    public string? NativeRepair { get; init; }

    /// <summary>
    /// Folder of the native libtorch in this process, wherever the loader found it, else beside the application; <see langword="null"/> if none was found.
    /// </summary>
    public string? LibTorchFolder { get; init; }

    /// <summary>Operating system, processor architecture and runtime.</summary>
    public required string System { get; init; }

    /// <summary>Version of TorchSharp.</summary>
    public required string TorchSharpVersion { get; init; }

    /// <summary>Threads that libtorch computes an operator with; 0 where it does not load.</summary>
    public int Threads { get; init; }

    /// <summary>One paragraph for people.</summary>
    public string Summary => (IsReady ? "The native backend works." : "It does not work on the wanted device.")
        + string.Concat(Problems.Select(p => " " + p)) + (NativeRepair is null ? string.Empty : " " + NativeRepair);
}
