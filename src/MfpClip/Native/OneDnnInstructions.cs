using System.Runtime.Intrinsics.X86;
using System.Text;

namespace MfpClip.Native;

/// <summary>
/// Keeps oneDNN, which libtorch computes convolutions and linear layers with on x64, from its AVX kernels where they were seen to compute wrong values: in
/// a virtual machine on an AMD Zen 5 processor (family 26, model 2) that hides the caches (CPUID leaf 8000001D). There the last block of output channels
/// comes out wrong in oneDNN 3.7.1 (libtorch 2.10) where it is not full, without an error. With AVX2 convolutions to 112 channels were wrong, too; with
/// SSE4.1 every size tried was right. A Zen 4 machine of the same host was right.
/// </summary>
internal static class OneDnnInstructions
{
    /// <summary>oneDNN's own variable; where it is set, the user has chosen.</summary>
    internal const string Variable = "ONEDNN_MAX_CPU_ISA";

    private const string FormerVariable = "DNNL_MAX_CPU_ISA", Limit = "SSE41";
    private const int ExtendedMaximum = unchecked((int)0x80000000), Caches = unchecked((int)0x8000001D), Zen5 = 26;

    /// <summary>Registers that the processor answers a leaf and a sub-leaf with.</summary>
    internal delegate (int Eax, int Ebx, int Ecx, int Edx) CpuId(int leaf, int subLeaf);

    /// <summary>
    /// Whether oneDNN is kept from bfloat16 instructions, here or by the user: routines of libtorch that need them then end the process with a C++ exception.
    /// </summary>
    public static bool ExcludesBFloat16
    {
        get
        {
            string limit = (Environment.GetEnvironmentVariable(Variable) ?? Environment.GetEnvironmentVariable(FormerVariable) ?? string.Empty)
                .ToUpperInvariant();
            return limit is not ("" or "ALL" or "DEFAULT") && !limit.StartsWith("AVX10", StringComparison.Ordinal)
                && !new[] { "BF16", "FP16", "AMX" }.Any(needed => limit.Contains(needed, StringComparison.Ordinal));
        }
    }

    /// <summary>What was done in this process, in words; <see langword="null"/> while nothing had to be done.</summary>
    public static string? Message { get; private set; }

    /// <summary>Sets the limit where it is needed. oneDNN reads it once, at its first use: call this before the first tensor is made.</summary>
    public static void Restrict()
    {
        if (!Avx512F.IsSupported || NativeVariables.IsSet(Variable) || NativeVariables.IsSet(FormerVariable) || !IsAffected(X86Base.CpuId))
        {
            return;
        }

        Environment.SetEnvironmentVariable(Variable, Limit);
        if (!NativeVariables.TrySet(Variable, Limit))
        {
            return;
        }

        Message = "libtorch's AVX convolutions compute wrong values on this kind of virtual machine (AMD family 26 with hidden caches): "
            + $"{Variable}={Limit} was set. "
            + "Expose the caches to the virtual machine (CPUID leaf 8000001D) for full speed.";
    }

    /// <summary>Whether this is an AMD processor of family 26 or later that describes no cache.</summary>
    internal static bool IsAffected(CpuId read)
    {
        int signature = read(1, 0).Eax, family = ((signature >> 8) & 15) + ((signature >> 20) & 255);
        return family >= Zen5 && HidesCaches(read);
    }

    /// <summary>Whether this is an AMD processor that describes no cache, as some virtual machines make it.</summary>
    internal static bool HidesCaches(CpuId read)
    {
        var (_, b, c, d) = read(0, 0);
        Span<byte> vendor = stackalloc byte[12];
        _ = BitConverter.TryWriteBytes(vendor, b) && BitConverter.TryWriteBytes(vendor[4..], d) && BitConverter.TryWriteBytes(vendor[8..], c);
        if (Encoding.ASCII.GetString(vendor) != "AuthenticAMD")
        {
            return false;
        }

        bool describes = (uint)read(ExtendedMaximum, 0).Eax >= unchecked((uint)Caches) && (read(Caches, 0).Eax & 31) != 0; // a type
        return !describes;
    }
}
