using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace MfpClip.Native;

/// <summary>
/// Switches NNPACK off, a library of float32 convolutions in libtorch, where the processor's caches are hidden (some virtual machines): it was seen to compute
/// nothing there, and to write a warning on standard error at every convolution.
/// </summary>
internal static unsafe class NnpackSwitch
{
    // at::globalContext() and at::Context::setUserEnabledNNPACK(bool).
    private const string Context = "_ZN2at13globalContextEv", Set = "_ZN2at7Context20setUserEnabledNNPACKEb";

    /// <summary>
    /// Switches it off if it cannot be used. After libtorch is loaded; where its routines are not found under these names, everything stays as it is.
    /// </summary>
    public static void TurnOffIfUseless()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64
            || !OneDnnInstructions.HidesCaches(X86Base.CpuId)
            || !NativeLibrary.TryLoad("libtorch_cpu.so", out nint library) || !NativeLibrary.TryGetExport(library, Context, out nint context)
            || !NativeLibrary.TryGetExport(library, Set, out nint set))
        {
            return;
        }

        nint global = ((delegate* unmanaged[Cdecl]<nint>)context)();
        ((delegate* unmanaged[Cdecl]<nint, byte, void>)set)(global, 0);
    }
}
