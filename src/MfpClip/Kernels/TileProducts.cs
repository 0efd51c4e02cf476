using System.Runtime.InteropServices;
using MfpClip.Native;

namespace MfpClip.Kernels;

/// <summary>
/// Small bfloat16 products with float32 sums on one thread, by the routine that libtorch's own attention uses (<c>at::native::cpublas::brgemm</c>,
/// made by oneDNN for this processor): .NET has no bfloat16 instructions.
/// </summary>
/// <remarks>
/// libtorch exports it under its C++ name, which spells out the types of the arguments: a libtorch with other arguments lacks the name. Before
/// its first use a product with known result must come out right. Linux only.
/// </remarks>
internal static unsafe class TileProducts
{
    private const string Routine = "_ZN2at6native7cpublas6brgemmEllllllbPKN3c108BFloat16ES5_Pfb";

    private static readonly Lazy<nint> Address = new(Find);

    /// <summary>Whether this libtorch on this processor can do it.</summary>
    public static bool IsAvailable => Address.Value != 0;

    /// <summary><c>C = A B</c>.</summary>
    /// <param name="M">Rows of A and C.</param>
    /// <param name="N">Columns of B and C.</param>
    /// <param name="K">Columns of A, even.</param>
    /// <param name="a">A, bfloat16, rows <paramref name="strideA"/> apart.</param>
    /// <param name="strideA">Values from row to row of A.</param>
    /// <param name="b">B, bfloat16, two rows interleaved: <c>[K / 2, N, 2]</c>.</param>
    /// <param name="strideB">Columns from pair of rows to pair of rows of B.</param>
    /// <param name="c">C, float32.</param>
    /// <param name="strideC">Values from row to row of C.</param>
    public static void Multiply(int M, int N, int K, ushort* a, long strideA, ushort* b, long strideB, float* c, long strideC) =>
        Call(Address.Value, M, N, K, a, strideA, b, strideB, c, strideC);

    private static void Call(nint routine, long M, long N, long K, ushort* a, long strideA, ushort* b, long strideB, float* c, long strideC) =>
        ((delegate* unmanaged[Cdecl]<long, long, long, long, long, long, byte, ushort*, ushort*, float*, byte, void>)routine)(
            M, N, K, strideA, strideB, strideC, 0, a, b, c, 1);

    private static nint Find()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 || !VectorMath.IsSupported || !VectorMath.HasBFloat16
            || OneDnnInstructions.ExcludesBFloat16 || !OneDnnScript.IsAvailable
            || !NativeLibrary.TryLoad("libtorch_cpu.so", out nint library) || !NativeLibrary.TryGetExport(library, Routine, out nint routine))
        {
            return 0;
        }

        return Multiplies(routine) ? routine : 0;
    }

    // Small whole numbers are exact in bfloat16, their sums in float32.
    private static bool Multiplies(nint routine)
    {
        const int M = 3, N = 32, K = 4;
        float[] a = [.. Enumerable.Range(0, M * K).Select(i => (float)((i * 5 % 7) - 3))],
            b = [.. Enumerable.Range(0, K * N).Select(i => (float)((i * 3 % 11) - 5))];
        var halfA = new ushort[M * K];
        var pairs = new ushort[K * N];
        for (int k = 0; k < K; k++)
        {
            for (int m = 0; m < M; m++)
            {
                halfA[(m * K) + k] = Half(a[(m * K) + k]);
            }

            for (int n = 0; n < N; n++)
            {
                pairs[(k / 2 * 2 * N) + (2 * n) + (k % 2)] = Half(b[(k * N) + n]);
            }
        }

        var c = new float[M * N];
        fixed (ushort* x = halfA, y = pairs)
        fixed (float* z = c)
        {
            Call(routine, M, N, K, x, K, y, N, z, N);
        }

        return Enumerable.Range(0, M * N).All(i => c[i] == Enumerable.Range(0, K).Sum(k => a[(i / N * K) + k] * b[(k * N) + (i % N)]));
    }

    private static ushort Half(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
}
