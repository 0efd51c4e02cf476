using MfpClip.Backbones;
using MfpClip.Imaging;

namespace MfpClip.References;

/// <summary>A method that judges the patch tokens of a vision tower by those of normal images.</summary>
/// <param name="backbone">Becomes its own.</param>
internal abstract class PatchTokenPass(IVisionBackbone backbone) : NormalImagePass
{
    public override Device Device => backbone.Vision.Device;

    public override ScalarType Precision => backbone.Vision.Precision;

    protected override int TokenWidth => backbone.Vision.Width;

    public override object? GetService(Type serviceType) =>
        base.GetService(serviceType) ?? backbone.GetService(serviceType) ?? backbone.Vision.GetService(serviceType);

    public override void Dispose() => backbone.Dispose();

    /// <summary>Tokens before the first block.</summary>
    protected Tensor Embed(ImageBatch images) => backbone.Vision.Embed(images.Normalized(backbone.Normalization, backbone.Vision.Device));

    /// <summary>Rows and columns of patches.</summary>
    protected (int Rows, int Columns) Grid(ImageBatch images) => (images.Height / backbone.Vision.PatchSize, images.Width / backbone.Vision.PatchSize);
}
