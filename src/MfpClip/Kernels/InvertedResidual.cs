using System.Runtime.CompilerServices;
using MfpClip.Parallelism;

namespace MfpClip.Kernels;

/// <summary>
/// An inverted residual block of a frozen network as one kernel: expansion, depthwise convolution, projection, shortcut. Rows of the result are computed one
/// after another from a few rows of the wide map, which stays in the second-level cache and never exists as a whole; strips of rows are shared between threads.
/// Without an expansion the wide map is the network's stem, a 3x3 convolution of stride 2 on the image. The padding is TensorFlow's SAME. Values do not depend
/// on the number of threads or images. AVX-512, float32.
/// </summary>
internal sealed unsafe class InvertedResidual(RowProduct expand, DepthwiseRows depthwise, RowProduct project, bool hasShortcut, bool isFirst) : IDisposable
{
    private const int StemKernel = 3, StemStride = 2, Colours = 3, PlacesOfStep = 40, PlacesOfPiece = 600;

    /// <summary>Whether it can compute this input here.</summary>
    public static bool Serves(Tensor x) => VectorMath.IsSupported && x.device.type == DeviceType.CPU && x.dtype == ScalarType.Float32;

    /// <summary>Runs the block.</summary>
    /// <param name="x"><c>[B, C, H, W]</c>, channels last; the first block takes images <c>[B, 3, H, W]</c> in any order.</param>
    /// <returns><c>[B, C', H', W']</c>, channels last, in the caller's scope.</returns>
    public Tensor Apply(Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        var source = isFirst ? x.contiguous() : x.permute(0, 2, 3, 1).contiguous();
        var shape = new Shape((int)x.shape[0], (int)x.shape[2], (int)x.shape[3], isFirst, depthwise);
        var result = torch.empty([shape.Images, shape.OutHeight, shape.OutWidth, project.Outputs], dtype: ScalarType.Float32);
        fixed (byte* from = source.bytes, to = result.bytes)
        {
            var (input, output) = ((nint)from, (nint)to);
            int threads = torch.get_num_threads(), strips = Strips(shape, threads);
            ParallelPieces.Run(
                shape.Images * strips, 1, () => ThreadScratch.Rent(ScratchFloats(shape)),
                (scratch, piece) =>
                {
                    int strip = piece % strips, rows = shape.OutHeight;
                    Strip((float*)input, (float*)output, shape, piece / strips, rows * strip / strips, rows * (strip + 1) / strips, scratch.Floats);
                },
                ThreadScratch.Return);
        }

        return result.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        expand.Dispose();
        depthwise.Dispose();
        project.Dispose();
    }

    // Each strip computes some rows of the wide map that its neighbour has, too: few strips where there are few rows.
    private static int Strips(Shape shape, int threads)
    {
        int most = Math.Min(3 * threads, shape.OutHeight * shape.OutWidth / PlacesOfPiece);
        return shape.Images >= 2 * threads ? 1 : Math.Clamp(most, Math.Min(threads, shape.OutHeight), shape.OutHeight);
    }

    private int RowsOfStep(Shape shape) => (PlacesOfStep + shape.OutWidth - 1) / shape.OutWidth;

    private int Slots(Shape shape) => depthwise.Kernel + ((RowsOfStep(shape) - 1) * depthwise.Stride);

    private long ScratchFloats(Shape shape) => ((long)Slots(shape) * shape.Width * depthwise.Channels)
        + ((long)RowsOfStep(shape) * shape.OutWidth * depthwise.Channels) + ((long)shape.Width * expand.Inputs);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Strip(float* input, float* output, Shape shape, int image, int first, int end, float* scratch)
    {
        int kernel = depthwise.Kernel, stride = depthwise.Stride, channels = depthwise.Channels, step = RowsOfStep(shape), slots = Slots(shape);
        long wide = (long)shape.Width * channels, narrow = (long)shape.OutWidth * project.Outputs;
        float* ring = scratch, middle = ring + (slots * wide), patches = middle + ((long)step * shape.OutWidth * channels);
        float** rows = stackalloc float*[kernel];
        int made = Math.Max(0, (first * stride) - shape.Top);
        output += image * shape.OutHeight * narrow;
        for (int row = first; row < end; row += step)
        {
            int count = Math.Min(step, end - row), need = Math.Min(shape.Height, ((row + count - 1) * stride) - shape.Top + kernel);
            while (made < need)
            {
                int slot = made % slots, next = isFirst ? 1 : Math.Min(need - made, slots - slot);
                Widen(input, shape, image, made, next, ring + (slot * wide), patches);
                made += next;
            }

            for (int i = 0; i < count; i++)
            {
                for (int k = 0; k < kernel; k++)
                {
                    int y = ((row + i) * stride) - shape.Top + k;
                    rows[k] = y >= 0 && y < shape.Height ? ring + (y % slots * wide) : null;
                }

                depthwise.Apply(rows, shape.Width, shape.Left, middle + ((long)i * shape.OutWidth * channels), shape.OutWidth);
            }

            float* shortcut = hasShortcut ? input + (((long)image * shape.Height) + row) * narrow : null; // same size
            project.Apply(middle, count * shape.OutWidth, output + (row * narrow), shortcut);
        }
    }

    // Rows of the wide map.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Widen(float* input, Shape shape, int image, int row, int count, float* to, float* patches)
    {
        if (!isFirst)
        {
            expand.Apply(input + (((long)image * shape.Height) + row) * shape.Width * expand.Inputs, count * shape.Width, to);
            return;
        }

        const int Taps = StemKernel * StemKernel;
        for (int plane = 0; plane < Colours; plane++)
        {
            float* colours = input + (((long)image * Colours) + plane) * shape.ImageHeight * shape.ImageWidth;
            for (int tap = 0; tap < Taps; tap++)
            {
                int y = (row * StemStride) - shape.ImageTop + (tap / StemKernel), left = (tap % StemKernel) - shape.ImageLeft;
                float* line = y >= 0 && y < shape.ImageHeight ? colours + ((long)y * shape.ImageWidth) : null;
                float* patch = patches + (plane * Taps) + tap;
                for (int i = 0; i < shape.Width; i++, patch += Colours * Taps)
                {
                    int x = (i * StemStride) + left;
                    *patch = line is not null && x >= 0 && x < shape.ImageWidth ? line[x] : 0;
                }
            }
        }

        expand.Apply(patches, shape.Width, to);
    }

    /// <summary>Sizes of a call: the image where this is the first block, the wide map, the result, and what lies outside above and left.</summary>
    private sealed record Shape
    {
        public Shape(int images, int height, int width, bool isFirst, DepthwiseRows depthwise)
        {
            Images = images;
            (ImageHeight, ImageWidth) = (height, width);
            (Height, ImageTop) = isFirst ? Same(height, StemKernel, StemStride) : (height, 0);
            (Width, ImageLeft) = isFirst ? Same(width, StemKernel, StemStride) : (width, 0);
            (OutHeight, Top) = Same(Height, depthwise.Kernel, depthwise.Stride);
            (OutWidth, Left) = Same(Width, depthwise.Kernel, depthwise.Stride);
        }

        public int Images { get; }

        public int ImageHeight { get; }

        public int ImageWidth { get; }

        public int ImageTop { get; }

        public int ImageLeft { get; }

        public int Height { get; }

        public int Width { get; }

        public int OutHeight { get; }

        public int OutWidth { get; }

        public int Top { get; }

        public int Left { get; }

        // The smaller half lies before.
        private static (int Outputs, int Before) Same(int n, int kernel, int stride)
        {
            int outputs = (n + stride - 1) / stride;
            return (outputs, Math.Max(((outputs - 1) * stride) + kernel - n, 0) / 2);
        }
    }
}
