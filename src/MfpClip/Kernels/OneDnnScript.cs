using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using MfpClip.Native;
using Microsoft.Extensions.Logging.Abstractions;

namespace MfpClip.Kernels;

/// <summary>
/// libtorch's operators for layers whose weight is packed and whose activation is fused (<c>mkldnn::_linear_pointwise</c>,
/// <c>mkldnn::_convolution_pointwise</c>), which TorchSharp has no methods for, through a small TorchScript module assembled in memory.
/// </summary>
/// <remarks>
/// A script that names an operator libtorch lacks ends the process, so the script is loaded only after an operator that every libtorch
/// names, but only one built with oneDNN can run, has run. Both come from the same part of libtorch. Linux and Windows on x64 only.
/// </remarks>
internal static class OneDnnScript
{
    private const string Code = """
        class OneDnn(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def pack(self: __torch__.OneDnn, weight: Tensor, rows: int) -> Tensor:
            return ops.mkldnn._reorder_linear_weight(weight, rows)
          def linear(self: __torch__.OneDnn, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
            none = annotate(List[Optional[number]], [])
            return ops.mkldnn._linear_pointwise(x, weight, bias, "none", none, "")
          def pack_convolution(self: __torch__.OneDnn, weight: Tensor, padding: int, stride: int, groups: int, n: int, c: int, h: int, w: int) -> Tensor:
            return torch.mkldnn_reorder_conv2d_weight(torch.to_mkldnn(weight), [padding, padding], [stride, stride], [1, 1], groups, [n, c, h, w])
          def convolution(self: __torch__.OneDnn, x: Tensor, weight: Tensor, bias: Tensor, padding: int, stride: int, groups: int) -> Tensor:
            scalars = annotate(List[Optional[number]], [])
            return ops.mkldnn._convolution_pointwise(x, weight, bias, [padding, padding], [stride, stride], [1, 1], groups, "none", scalars, "")
          def convolution_relu(self: __torch__.OneDnn, x: Tensor, weight: Tensor, bias: Tensor, padding: int, stride: int, groups: int) -> Tensor:
            scalars = annotate(List[Optional[number]], [])
            return ops.mkldnn._convolution_pointwise(x, weight, bias, [padding, padding], [stride, stride], [1, 1], groups, "relu", scalars, "")
          def convolution_relu6(self: __torch__.OneDnn, x: Tensor, weight: Tensor, bias: Tensor, padding: int, stride: int, groups: int) -> Tensor:
            scalars = annotate(List[Optional[number]], [0., 6.])
            return ops.mkldnn._convolution_pointwise(x, weight, bias, [padding, padding], [stride, stride], [1, 1], groups, "hardtanh", scalars, "")
          def convolution_add(self: __torch__.OneDnn, x: Tensor, other: Tensor, weight: Tensor, bias: Tensor, padding: int, stride: int) -> Tensor:
            none = annotate(List[Optional[number]], [])
            return ops.mkldnn._convolution_pointwise_(other, x, weight, bias, [padding, padding], [stride, stride], [1, 1], 1, "add", 1.0, "relu", none, "")

        """;

    private static readonly Lazy<torch.jit.ScriptModule?> Module = new(Load);

    /// <summary>Whether this libtorch can do it.</summary>
    public static bool IsAvailable => Module.Value is not null;

    /// <summary>Brings <c>[O, I]</c> into oneDNN's layout for products with that many rows.</summary>
    public static Tensor Pack(Tensor weight, long rows) => Invoke("pack", weight, rows);

    /// <summary><c>x W^T + b</c> with a packed W.</summary>
    public static Tensor Linear(Tensor x, Tensor packed, Tensor bias) => Invoke("linear", x, packed, bias);

    /// <summary>Brings a convolution's kernel <c>[O, I / groups, k, k]</c> into oneDNN's layout for inputs of that shape.</summary>
    public static Tensor PackConvolution(Tensor weight, long padding, long stride, long groups, long[] inputs) =>
        Invoke("pack_convolution", weight, padding, stride, groups, inputs[0], inputs[1], inputs[2], inputs[3]);

    /// <summary>A convolution with a packed kernel, then the activation.</summary>
    public static Tensor Convolution(Tensor x, Tensor packed, Tensor bias, long padding, long stride, long groups, ConvolutionActivation activation)
    {
        string method = activation switch
        {
            ConvolutionActivation.Relu => "convolution_relu",
            ConvolutionActivation.Relu6 => "convolution_relu6",
            _ => "convolution",
        };
        return Invoke(method, x, packed, bias, padding, stride, groups);
    }

    /// <summary>ReLU of <paramref name="other"/> plus a convolution with a packed kernel; written over <paramref name="other"/>.</summary>
    public static Tensor ConvolutionAdd(Tensor x, Tensor other, Tensor packed, Tensor bias, long padding, long stride) =>
        Invoke("convolution_add", x, other, packed, bias, padding, stride);

    // The fault is met while arguments are read, before anything is computed or written.
    private static Tensor Invoke(string method, params object[] arguments) =>
        ScalarFault.Retry(() => (Tensor)Module.Value!.invoke(method, arguments)!, NullLogger.Instance);

    private static torch.jit.ScriptModule? Load()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || OperatingSystem.IsMacOS() || !HasOneDnn())
        {
            return null;
        }

        var module = torch.jit.load(Archive(), DeviceType.CPU, -1);
        module.eval();
        // What this throws would be thrown by every use in this process.
        return ScalarFault.Retry(() => MultipliesRight(module), NullLogger.Instance) ? module : null;
    }

    // Packed weights whose last block is not full went wrong on a processor whose convolutions were right otherwise (Native/OneDnnInstructions).
    private static bool MultipliesRight(torch.jit.ScriptModule module)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        foreach (var (rows, inputs, outputs) in new[] { (1, 64, 64), (26, 64, 48), (100, 96, 100), (200, 64, 144) })
        {
            var weight = torch.arange(outputs * inputs, dtype: ScalarType.Float32).mul_(0.37).sin_().view(outputs, inputs);
            var x = torch.arange(rows * inputs, dtype: ScalarType.Float32).mul_(0.73).sin_().view(rows, inputs);
            var packed = (Tensor)module.invoke("pack", weight, (long)rows)!;
            var actual = (Tensor)module.invoke("linear", x, packed, torch.zeros(outputs))!;
            if (!actual.allclose(MatrixProduct.Of(x.to(ScalarType.Float64), weight.to(ScalarType.Float64).t()).to(ScalarType.Float32), rtol: 1e-3, atol: 1e-3))
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasOneDnn()
    {
        using var scope = torch.NewDisposeScope();
        try
        {
            using var probe = torch.jit.compile("""
                def reorder(weight: Tensor) -> Tensor:
                    return torch.mkldnn_reorder_conv2d_weight(weight.to_mkldnn(), [0, 0], [1, 1], [1, 1], 1).to_dense()

                """);
            var weight = torch.ones(16, 16, 1, 1);
            return probe.invoke("reorder", weight) is Tensor t && t.allclose(weight);
        }
        catch (ExternalException)
        {
            return false;
        }
    }

    /// <summary>The archive that <c>torch.jit.save</c> would write for an instance of the class without attributes.</summary>
    private static byte[] Archive()
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, "training".Length);
        // Pickle: class, empty tuple, new object; dictionary { "training": False }; build.
        byte[] instance = [0x80, 2, .. "c__torch__\nOneDnn\n)"u8, 0x81, .. "}(X"u8, .. length, .. "training"u8, 0x89, .. "ub."u8];
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(zip, "data.pkl", instance);
            Add(zip, "code/__torch__.py", Encoding.UTF8.GetBytes(Code.ReplaceLineEndings("\n")));
            Add(zip, "constants.pkl", [0x80, 2, .. ")."u8]);
            Add(zip, "version", "3\n"u8);
        }

        return memory.ToArray();
    }

    private static void Add(ZipArchive zip, string name, ReadOnlySpan<byte> bytes)
    {
        using var stream = zip.CreateEntry($"onednn/{name}", CompressionLevel.NoCompression).Open();
        stream.Write(bytes);
    }
}
