using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using MfpClip.Native;

namespace MfpClip.Tests.Native;

public unsafe class NnpackSwitchTests
{
    [SkippableFact]
    public void It_is_off_where_the_processor_hides_its_caches_and_only_there()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64, "NNPACK is part of libtorch for Linux on x64.");
        MfpClip.Native.NativeStart.Run();
        nint library = NativeLibrary.Load(NativeFiles.Find("libtorch_cpu.so")!);
        nint context = ((delegate* unmanaged[Cdecl]<nint>)NativeLibrary.GetExport(library, "_ZN2at13globalContextEv"))();

        // at::Context::userEnabledNNPACK() const
        byte enabled = ((delegate* unmanaged[Cdecl]<nint, byte>)NativeLibrary.GetExport(library, "_ZNK2at7Context17userEnabledNNPACKEv"))(context);

        Assert.Equal(!OneDnnInstructions.HidesCaches(X86Base.CpuId), enabled != 0);
    }
}
