using System.Runtime.CompilerServices;
using MfpClip.Native;

namespace MfpClip.Models.Tiny.Tests;

/// <summary>Tests may use TorchSharp before any type of MfpClip.dll is touched.</summary>
internal static class NativeStart
{
#pragma warning disable CA2255
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Run() => NativeBackend.Register();
}
