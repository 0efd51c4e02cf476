using System.Runtime.CompilerServices;
using MfpClip.Native;

[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]

namespace MfpClip.Training.Tests;

/// <summary>Tests may use TorchSharp before any type of MfpClip.dll is touched.</summary>
internal static class NativeStart
{
#pragma warning disable CA2255
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Run() => NativeBackend.Register();
}
